"""The last look before a message leaves: what changed since it was composed, and what the firewall says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import Q

from encours.store.models import (
    Contact,
    Dispute,
    Event,
    Hold,
    Item,
    Message,
    MessageItem,
    Promise,
    Proposal,
    ProposalLine,
    Receipt,
)
from encours.usecases import clock
from encours.usecases.ask_firewall import NowHeld

#: A message says figures of its day; after so many days it is composed anew rather than sent.
_FRESH = timedelta(days=4)
#: Templates that do not ask for money: what was paid meanwhile does not make them wrong.
_NOT_ASKING = frozenset({"thanks", "thank_you", "statement", "copy_wanted", "copy"})


def why_not(message: Message, held: Mapping[str, NowHeld]) -> str:
    """Why a queued message must not leave now, as a sentence; "" where it may. `held`: what the firewall holds."""
    if message.purpose != "dunning" or message.customer_id is None:
        return ""
    today = clock.today()
    if clock.now() - message.created_at > _FRESH:
        return "it was composed more than four days ago: its figures are old"
    if why := _bad_address(message):
        return why
    if message.template in _NOT_ASKING:
        return ""
    lines = list(MessageItem.objects.filter(message=message))
    ids = [line.item_id for line in lines]
    items = {row.item_id: row for row in Item.objects.filter(item_id__in=ids, is_current=True)}
    for line in lines:
        row = items.get(line.item_id)
        if row is None or row.open <= 0:
            return f"invoice {row.number if row else line.item_id} was settled meanwhile"
        if row.open < line.amount:
            return f"invoice {row.number} was paid in part meanwhile"
    for line in lines:
        if (gate := held.get(line.item_id)) and line.amount > gate.open - gate.held:
            return gate.sentence
    return _held(message, ids, list(items.values())) or _announced(message, ids, today.isoformat())


def _bad_address(message: Message) -> str:
    """Whether an address bounced, or was taken out, since it was chosen."""
    from encours.connectors.base.mime import bare

    wanted = {bare(address).casefold() for address in message.to}
    rows = Contact.objects.filter(customer_id=message.customer_id, is_current=True, email__isnull=False)
    good = {
        (row.email or "").casefold()
        for row in rows
        if row.bounced_on is None and "email" not in (row.opt_out or "").casefold()
    }
    lost = sorted(wanted - good)
    return f"{lost[0]} is no longer an address to write to" if lost else ""


def _held(message: Message, ids: Sequence[str], rows: Sequence[Item]) -> str:
    """Disputes, holds by people, insolvency, and money that came since the message was composed."""
    day = message.created_at.astimezone(clock.ZONE).date()
    today = clock.today()
    customers = {message.customer_id, *(row.customer_id for row in rows)}
    asked = {line.item_id: line.amount for line in message.lines.all()}
    opens = {row.item_id: (row.open, row.number) for row in rows}
    for one in Dispute.objects.filter(item_id__in=ids, is_current=True, closed_on__isnull=True):
        standing, number = opens[one.item_id]
        if asked[one.item_id] > standing - one.amount:
            return f"invoice {number} is in dispute"
    holds = Hold.objects.filter(
        Q(item_id__in=ids) | Q(item_id=None, customer_id__in=customers),
        state=Hold.State.STANDING, lifted_at=None, from_on__lte=today, until_on__gte=today,
    )  # fmt: skip
    if hold := holds.first():
        return f"reminders are held by a person until {hold.until_on}"
    if Event.objects.filter(
        Q(subject="customer", subject_id__in=customers) | Q(subject="item", subject_id__in=ids),
        Q(kind="insolvency:opened") | Q(kind="factor:assigned") | Q(kind__startswith="handover:"),
        is_current=True, on__gte=day,
    ).exists():  # fmt: skip
        return "an insolvency, a sale to a factor or a hand-over became known meanwhile"
    money = Receipt.objects.filter(
        customer_id__in=customers, is_current=True, unapplied__gt=0, known_on__gte=day, amount__gt=0
    )
    if money.exclude(known_on=day, booked_on__lt=day).exists():
        return "money came in meanwhile that is not yet applied"
    return ""


def _announced(message: Message, ids: Sequence[str], today: str) -> str:
    """Promises since, and matches that wait for a person."""
    promises = Promise.objects.filter(
        Q(item_id__in=ids) | Q(item_id=None, customer_id=message.customer_id), is_current=True, due_on__gte=today,
        made_on__gte=message.created_at.astimezone(clock.ZONE).date(),
    )  # fmt: skip
    if promise := promises.exclude(voided=True).first():
        return f"payment is promised for {promise.due_on}"
    waiting = ProposalLine.objects.filter(
        item_id__in=ids, proposal__state=Proposal.State.OPEN, proposal__decision__in=("auto", "review"),
        proposal__proposed_at__gte=message.created_at,
    )  # fmt: skip
    return "money that probably settles it waits for review" if waiting.exists() else ""
