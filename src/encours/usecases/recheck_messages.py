"""The last look before messages leave: what changed since they were composed, and what the firewall says now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Q

from encours.connectors.base.mime import bare
from encours.core.base.factoring import ASSIGNED, sale
from encours.core.base.opt_outs import refused
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
from encours.usecases.ask_firewall import Firewall

#: A message says figures of its day; after so many days it is composed anew rather than sent.
_FRESH = timedelta(days=4)
#: Messages to our own people.
_OURS = ("internal", "notice")
#: Templates that do not ask for money: what was paid meanwhile does not make them wrong.
_NOT_ASKING = frozenset({"thanks", "thank_you", "statement", "copy_wanted", "copy"})


@dataclass(frozen=True)
class _Seen:
    """What is read for all messages of a look at once: rows by the id that they are about."""

    lines: Mapping[Any, Sequence[MessageItem]]
    items: Mapping[str, Item]
    contacts: Mapping[str, Sequence[Contact]]
    disputes: Mapping[str, Sequence[Dispute]]
    holds: Mapping[str, Sequence[Hold]]
    events: Mapping[str, Sequence[tuple[str, date]]]
    money: Mapping[str, Sequence[Receipt]]
    promises: Mapping[str, Sequence[Promise]]
    waiting: Mapping[str, Any]


def whys_not(messages: Sequence[Message], firewall: Firewall) -> dict[Any, str]:
    """Message -> why it must not leave now, as a sentence; "" where it may. The look is as old as this call."""
    asking = [one for one in messages if one.purpose == "dunning" and one.customer_id is not None]
    found: dict[Any, str] = {one.pk: _too_late(one) for one in messages}
    if asking:
        seen = _look(asking)
        found |= {one.pk: _why(one, seen, firewall) for one in asking}
    return found


def _too_late(message: Message) -> str:
    """A notice to our own people that stood so long (in test mode, without a server) tells nobody anything any more."""
    old = message.purpose in _OURS and clock.now() - message.created_at > _FRESH
    return "it waited for more than four days: what it tells is old" if old else ""


def _why(message: Message, seen: _Seen, firewall: Firewall) -> str:
    if clock.now() - message.created_at > _FRESH:
        return "it was composed more than four days ago: its figures are old"
    if why := _bad_address(message, seen):
        return why
    if message.template in _NOT_ASKING:
        return ""
    lines = seen.lines.get(message.pk, ())
    for line in lines:
        row = seen.items.get(line.item_id)
        if row is None or row.open <= 0:
            return f"invoice {row.number if row else line.item_id} was settled meanwhile"
        if row.open < line.amount:
            return f"invoice {row.number} was paid in part meanwhile"
    for line in lines:
        if (gate := firewall.items.get(line.item_id)) and line.amount > gate.open - gate.held:
            return gate.sentence
    if why := _held(message, lines, seen) or _announced(message, lines, seen):
        return why
    return firewall.messages.get(str(message.pk), "")


def _bad_address(message: Message, seen: _Seen) -> str:
    """Whether an address bounced, was taken out, or its owner opted out since it was chosen."""
    if message.channel != "email":
        return ""
    rows = {(row.email or "").casefold(): row for row in seen.contacts.get(message.customer_id or "", ())}
    for address in sorted(bare(one).casefold() for one in message.to):
        row = rows.get(address)
        if row is None or row.bounced_on is not None:
            return f"{address} is no longer an address to write to"
        if "email" in refused(row.opt_out):
            return f"{address} wants no more e-mails"
    return ""


def _held(message: Message, lines: Sequence[MessageItem], seen: _Seen) -> str:
    """Disputes, holds by people, insolvency, and money that came since the message was composed."""
    day = message.created_at.astimezone(clock.ZONE).date()
    rows = [seen.items[line.item_id] for line in lines]
    customers = sorted({message.customer_id or "", *(row.customer_id for row in rows)})
    for line in lines:
        row = seen.items[line.item_id]
        if any(line.amount > row.open - one.amount for one in seen.disputes.get(line.item_id, ())):
            return f"invoice {row.number} is in dispute"
    ids = [line.item_id for line in lines]
    holds = [one for key in (*ids, *customers) for one in seen.holds.get(key, ())]
    if holds:
        return f"reminders are held by a person until {min(holds, key=lambda one: one.pk).until_on}"
    if any(on >= day for key in (*ids, *customers) for _, on in seen.events.get(key, ())):
        return "an insolvency, a sale to a factor or a hand-over became known meanwhile"
    money = [one for key in customers for one in seen.money.get(key, ()) if one.known_on >= day]
    if any(one.known_on > day or one.booked_on >= day for one in money):
        return "money came in meanwhile that is not yet applied"
    return ""


def _announced(message: Message, lines: Sequence[MessageItem], seen: _Seen) -> str:
    """Promises since, and matches that wait for a person."""
    day = message.created_at.astimezone(clock.ZONE).date()
    keys = (*(line.item_id for line in lines), message.customer_id or "")
    made = [one for key in keys for one in seen.promises.get(key, ()) if one.made_on >= day]
    if made:
        return f"payment is promised for {min(made, key=lambda one: one.pk).due_on}"
    proposed = [seen.waiting[line.item_id] for line in lines if line.item_id in seen.waiting]
    late = any(at >= message.created_at for at in proposed)
    return "money that probably settles it waits for review" if late else ""


def _look(messages: Sequence[Message]) -> _Seen:
    """All that is asked of these messages, in a query a table."""
    today = clock.today()
    lines = _by(MessageItem.objects.filter(message__in=[one.pk for one in messages]), lambda row: row.message_id)
    ids = {row.item_id for found in lines.values() for row in found}
    items = {row.item_id: row for row in Item.objects.filter(item_id__in=ids, is_current=True)}
    customers = {one.customer_id or "" for one in messages} | {row.customer_id for row in items.values()}
    standing = Hold.objects.filter(
        Q(item_id__in=ids) | Q(item_id=None, customer_id__in=customers),
        state=Hold.State.STANDING, lifted_at=None, from_on__lte=today, until_on__gte=today,
    )  # fmt: skip
    promises = Promise.objects.filter(
        Q(item_id__in=ids) | Q(item_id=None, customer_id__in=customers), is_current=True, due_on__gte=today
    )
    return _Seen(
        lines,
        items,
        _by(Contact.objects.filter(customer_id__in=customers, is_current=True, email__isnull=False), _customer),
        _by(Dispute.objects.filter(item_id__in=ids, is_current=True, closed_on__isnull=True), lambda row: row.item_id),
        _by(standing, lambda row: row.item_id or row.customer_id),
        _events(ids, customers),
        _by(
            Receipt.objects.filter(customer_id__in=customers, is_current=True, unapplied__gt=0, amount__gt=0),
            _customer,
        ),
        _by(promises.exclude(voided=True), lambda row: row.item_id or row.customer_id),
        _waiting(ids),
    )


def _events(ids: Collection[str], customers: Collection[str]) -> dict[Any, list[tuple[str, date]]]:
    rows = Event.objects.filter(
        Q(subject="customer", subject_id__in=customers) | Q(subject="item", subject_id__in=ids),
        Q(kind="insolvency:opened") | Q(kind=ASSIGNED) | Q(kind__startswith="handed_over:"),
        is_current=True,
    )  # fmt: skip
    told = rows.values_list("subject_id", "on", "kind", "value", "detail")
    # Of a confidential sale the debtor knows nothing: what it is written is as true as before.
    open_ = [(of, on) for of, on, kind, value, how in told if kind != ASSIGNED or not sale(value, how).confidential]
    return _by(open_, lambda row: row[0])


def _waiting(ids: Collection[str]) -> dict[str, Any]:
    """Item -> when a match of it that waits for a person was last proposed."""
    rows = ProposalLine.objects.filter(
        item_id__in=ids, proposal__state=Proposal.State.OPEN, proposal__decision__in=("auto", "review")
    )
    return dict(rows.order_by().values_list("item_id").annotate(at=Max("proposal__proposed_at")))


def _customer(row: Any) -> str:
    return str(row.customer_id)


def _by(rows: Iterable[Any], key: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)
