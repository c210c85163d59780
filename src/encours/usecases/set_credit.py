"""A credit note set against an invoice without money: posted as one allocation, lettered, exported, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import Decision, Item, Proposal, ProposalLine
from encours.usecases import clock
from encours.usecases.credit_pairs import RULE
from encours.usecases.deciding import keep_decision, write_fact
from encours.usecases.hand_match import allocation_id
from encours.usecases.merge.apply import Merged
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.viewing import Viewing

ACT = "set_credit"
_RIGHT = "accept_match"
_LATEST = 20


def set_credit(actor: Actor, note_id: str, item_id: str) -> Decision:
    """Sets what is open of a credit note against an invoice of the same account, as far as that is open. Twice is once.

    Raises NotAllowedError (not seen, no right, over the delegation); CallError where they do not belong together or
    nothing is open any more.
    """
    with transaction.atomic():
        note, invoice = (_seen(actor, one) for one in (note_id, item_id))
        parquet.lock_entity(note.entity_id)
        note, invoice = (_seen(actor, one) for one in (note_id, item_id))
        before = _set_before(note_id, item_id)
        if before is not None:
            return before
        if faults := _faults(note, invoice):
            raise CallError(faults)
        amount = min(-note.open, invoice.open)
        if require(actor, _RIGHT, note.entity_id, amount).second_signature:
            raise CallError(["this amount takes a second signature: ask somebody whose delegation reaches so far"])
        decision, merged = _write(actor, note, invoice, amount)
    merged.extend_copies()
    return decision


def set_credits(actor: Actor, pairs: Iterable[tuple[str, str]]) -> tuple[list[Decision], list[str]]:
    """Several pairs (note, invoice), each posted on its own: (decisions, what kept the others back)."""
    done, faults = [], []
    for note_id, item_id in dict.fromkeys(pairs):
        try:
            done.append(set_credit(actor, note_id, item_id))
        except CallError as error:
            faults += error.faults
    return done, faults


@dataclass(frozen=True)
class SetCredit:
    """A credit note that stands set against an invoice: `amount` in minor units."""

    decision_id: int
    set_at: datetime
    note_id: str
    note_number: str
    item_id: str
    item_number: str
    amount: int
    currency: str


def latest_set(viewing: Viewing) -> list[SetCredit]:
    """The latest that stand, of items that the person sees."""
    rows = viewing.rows(Decision).filter(act=ACT, undone_by__isnull=True, proposal__state=Proposal.State.ACCEPTED)
    told = rows.order_by("-pk").values_list(
        "pk", "decided_at", "proposal__lines__credit_item_id", "proposal__lines__item_id", "amount"
    )[:_LATEST]
    lately = list(told)
    ids = {name for row in lately for name in row[2:4]}
    seen = viewing.facts(Item).filter(item_id__in=ids).values_list("item_id", "number", "currency")
    items = {item_id: (number, currency) for item_id, number, currency in seen}
    return [
        SetCredit(pk, at, note, items[note][0], item, items[item][0], amount, items[item][1])
        for pk, at, note, item, amount in lately
        if note in items and item in items
    ]


def take_apart(decision: Decision) -> Merged | None:
    """Opens both again, in the caller's transaction and under its lock; what has left goes back by counter-entry."""
    proposal = decision.proposal
    if proposal is None:
        return None
    proposal.state = Proposal.State.UNDONE
    proposal.save(update_fields=["state"])
    row = {"allocation_id": allocation_id(proposal, 1), "reversed_on": clock.today()}
    return write_fact("allocations", row, str(proposal.entity_id))


def _seen(actor: Actor, item_id: str) -> Item:
    found = actor.scope(Item).filter(item_id=item_id, is_current=True).first()
    if found is None:
        raise NotAllowedError(_RIGHT, None, "not_visible")
    return found


def _set_before(note_id: str, item_id: str) -> Decision | None:
    lines = ProposalLine.objects.filter(
        credit_item_id=note_id, item_id=item_id, proposal__rule=RULE, proposal__state=Proposal.State.ACCEPTED
    )
    return Decision.objects.filter(act=ACT, proposal__lines__in=lines, undone_by__isnull=True).first()


def _faults(note: Item, invoice: Item) -> list[str]:
    faults = []
    if (note.customer_id, note.currency) != (invoice.customer_id, invoice.currency):
        faults.append(f"credit note {note.number} and item {invoice.number} are not of one account and currency")
    if note.open >= 0 or invoice.open <= 0:
        faults.append(f"credit note {note.number} or item {invoice.number} is no longer open")
    return faults


def _write(actor: Actor, note: Item, invoice: Item, amount: int) -> tuple[Decision, Merged]:
    entity_id = str(note.entity_id)
    proposal = Proposal.objects.create(
        entity_id=entity_id, receipt_id="", customer_id=note.customer_id, decision="review", rule=RULE, confidence=1.0,
        reason=f"credit note {note.number} cancels item {invoice.number}", state=Proposal.State.ACCEPTED,
        proposed_at=clock.now(),
    )  # fmt: skip
    line = {"item_id": invoice.item_id, "credit_item_id": note.item_id, "amount": amount, "kind": "credit"}
    ProposalLine.objects.create(proposal=proposal, **line)
    there = [row.posted_on or row.issued_on for row in (note, invoice)]
    fact = {"allocation_id": allocation_id(proposal, 1), "source": f"{OWN_SOURCE}{proposal.pk}"}
    merged = write_fact("allocations", {**fact, **line, "allocated_on": max(there)}, entity_id)
    more = {"rule": RULE, "allocations": [fact["allocation_id"]], "item": invoice.item_id}
    decision = keep_decision(actor, ACT, entity_id, note.item_id, amount=amount, proposal=proposal, more=more)
    return decision, merged
