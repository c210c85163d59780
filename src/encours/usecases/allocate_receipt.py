"""Allocating a receipt by hand: items of one or several customers, differences with their causes, the rest kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import DifferenceLine, HandMatch, Item, NotCustomer, Proposal, ProposalLine, Receipt
from encours.usecases import between, clock, hand_match
from encours.usecases.accept_match import Accepted, accept_locked
from encours.usecases.book_advance import check_customer
from encours.usecases.deciding import locked_receipt
from encours.usecases.difference_case import Surroundings
from encours.usecases.finish_match import replace_open
from encours.usecases.hand_match import RULE, HandLine
from encours.usecases.left_open import PART
from encours.usecases.merge.apply import Merged
from encours.usecases.open_dispute import check_reason
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.take_receipt import refuse_if_taken

__all__ = ["Accepted", "GapDispute", "HandLine", "allocate_receipt"]

#: item, credit note, amount, kind, cause
_Line = tuple[str, str | None, int, str, str]
_ACT = "accept_match"
_REASON = "matched by hand"


@dataclass(frozen=True)
class GapDispute:
    """A dispute for what stays open: of `item_id` (default: each item that the match leaves open in part).

    `amount`: minor units of the item's currency (default: all that stays open of it).
    """

    reason: str
    owner: str = ""
    item_id: str | None = None
    amount: int | None = None


def allocate_receipt(
    actor: Actor,
    receipt_id: str,
    lines: Sequence[HandLine],
    *,
    why: str = "",
    dispute: GapDispute | None = None,
    customer_id: str | None = None,
) -> Accepted:
    """Posts what a person says of a receipt, as a proposal of the rule `by_hand`; open proposals of it give way.

    Items of one other entity may be settled with money, where the actor may match there too: both ledgers get their
    side. Money that the lines do not use stays unapplied; with `customer_id` it stands on that customer's account as an
    advance. The same lines twice are once. A decision of None waits for a second signature: another person accepts the
    proposal (or says the same lines).
    Raises NotAllowedError (no right, not seen, over the delegation), TakenError while another person works on the
    receipt, OutsidePolicyError, StaleProposalError where items or money are no longer there, CallError listing every
    other fault.
    """
    with transaction.atomic():
        _lock_entities(actor, receipt_id, lines)
        receipt = locked_receipt(actor, receipt_id, _ACT)
        require(actor, _ACT, receipt.entity_id)
        refuse_if_taken(actor, receipt_id)
        wishes = _checked(actor, receipt, dispute, customer_id)
        lines = _with_receipt_amounts(receipt, lines, _items(actor, receipt, lines))
        if customer_id is not None:
            _check_advance(actor, receipt, lines)
        proposal = _made_before(receipt_id, lines)
        if proposal is None:
            proposal = _propose(actor, receipt, lines, why.strip(), wishes)
        elif proposal.state == Proposal.State.OPEN and proposal.first_signed_by_id == _user_id(actor):
            return Accepted(None)  # said twice by the one who signed first: another person must sign
        accepted, written = accept_locked(actor, proposal)
    _extend(written)
    return accepted


def _lock_entities(actor: Actor, receipt_id: str, lines: Sequence[HandLine]) -> None:
    """Where items are another entity's, the locks of both, in the order in which every act takes them."""
    wanted = actor.scope(Item).filter(item_id__in=hand_match.shown_items(lines), is_current=True)
    there = set(wanted.values_list("entity_id", flat=True))
    here = actor.scope(Receipt).filter(receipt_id=receipt_id, is_current=True)
    entities = there | set(here.values_list("entity_id", flat=True))
    for entity_id in sorted(entities) if len(entities) > 1 else ():
        parquet.lock_entity(entity_id)


def _extend(written: Sequence[Merged]) -> None:
    for merged in written:
        merged.extend_copies()


def _user_id(actor: Actor) -> int:
    return -1 if actor.user is None else actor.user.pk


def _checked(
    actor: Actor, receipt: Receipt, dispute: GapDispute | None, customer_id: str | None
) -> tuple[dict[str, Any] | None, str | None]:
    """What is asked for beside the lines, once it is known to be possible."""
    if NotCustomer.objects.filter(receipt_id=receipt.receipt_id).exists():
        raise CallError([f"receipt {receipt.receipt_id} is marked as not from a customer: undo that first"])
    if dispute is not None:
        require(actor, "open_dispute", receipt.entity_id)
        check_reason(dispute.reason)
    if customer_id is not None:
        check_customer(actor, receipt, customer_id)
    return None if dispute is None else asdict(dispute), customer_id


def _check_advance(actor: Actor, receipt: Receipt, lines: Sequence[HandLine]) -> None:
    """Raises NotAllowedError where the rest of the money is more than the actor may put on an account alone."""
    used = sum(
        line.amount if line.receipt_amount is None else line.receipt_amount for line in lines if line.kind == "cash"
    )
    permission = require(actor, "book_advance", receipt.entity_id, receipt.unapplied - used)
    if permission.second_signature:
        raise NotAllowedError("book_advance", receipt.entity_id, permission.why)


def _items(actor: Actor, receipt: Receipt, lines: Sequence[HandLine]) -> Mapping[str, Item]:
    """The items of the lines, as far as the actor sees them. Raises CallError listing every fault."""
    wanted = hand_match.shown_items(lines)
    items = {row.item_id: row for row in actor.scope(Item).filter(item_id__in=wanted, is_current=True)}
    if faults := hand_match.line_faults(lines, items, receipt):
        raise CallError(faults)
    return items


def _with_receipt_amounts(
    receipt: Receipt, lines: Sequence[HandLine], items: Mapping[str, Item]
) -> tuple[HandLine, ...]:
    """Lines of items in another currency say what of the receipt they use; a single one uses what is left."""
    plain = [replace(line, receipt_amount=None) if _is_own(receipt, line, items) else line for line in lines]
    missing = [
        line for line in plain if line.kind == "cash" and not _is_own(receipt, line, items) and not line.receipt_amount
    ]
    if not missing:
        return tuple(plain)
    if len(missing) > 1:
        raise CallError(["say for each item in another currency what of the receipt it uses"])
    said = [line for line in plain if line.kind == "cash" and line is not missing[0]]
    used = sum(line.amount if line.receipt_amount is None else line.receipt_amount for line in said)
    rest = receipt.unapplied - used
    if rest * missing[0].amount <= 0:
        raise CallError([f"receipt {receipt.receipt_id} no longer has this money"])
    return tuple(replace(line, receipt_amount=rest) if line is missing[0] else line for line in plain)


def _is_own(receipt: Receipt, line: HandLine, items: Mapping[str, Item]) -> bool:
    return bool(items[line.item_id].currency == receipt.currency)


def _made_before(receipt_id: str, lines: Sequence[HandLine]) -> Proposal | None:
    """The same match, made by hand before: posted, or waiting for its second signature.

    Raises CallError where another one waits.
    """
    states = (Proposal.State.OPEN, Proposal.State.ACCEPTED)
    rows = Proposal.objects.filter(receipt_id=receipt_id, rule=RULE, state__in=states).order_by("-pk")
    for row in rows:
        if _is_same(_said(row), {(n.item_id, n.credit_item_id, n.amount, n.kind, n.cause) for n in lines}):
            return row
        if row.state == Proposal.State.OPEN:
            raise CallError([f"another match of receipt {receipt_id} waits for its second signature"])
    return None


def _is_same(said: set[_Line], wanted: set[_Line]) -> bool:
    """Whether a match says the same lines; the general cause of what it left open was added to it."""
    return wanted <= said and all(not kind and cause == PART for *_, kind, cause in said - wanted)


def _said(proposal: Proposal) -> set[_Line]:
    """The lines of a proposal, as HandLine says them."""
    differences = list(DifferenceLine.objects.filter(proposal=proposal))
    causes = {row.allocation_id: row.cause for row in differences if row.allocation_id}
    lines = proposal.lines.order_by("pk")
    posted = {
        (n.item_id, n.credit_item_id, n.amount, n.kind, causes.get(hand_match.allocation_id(proposal, place), ""))
        for place, n in enumerate(lines, start=1)
    }
    left = {(str(n.item_id), None, n.amount, "", n.cause) for n in differences if not n.kind}
    return posted | left


def _propose(
    actor: Actor,
    receipt: Receipt,
    lines: Sequence[HandLine],
    why: str,
    wishes: tuple[dict[str, Any] | None, str | None],
) -> Proposal:
    """Keeps the match as an open proposal of its own."""
    items = list(Item.objects.filter(item_id__in=hand_match.shown_items(lines), is_current=True))
    found = hand_match.judged(lines, Surroundings(receipt, items))
    people = {item.customer_id for item in items}
    proposal = Proposal.objects.create(
        entity_id=receipt.entity_id,
        receipt_id=receipt.receipt_id,
        customer_id=people.pop() if len(people) == 1 else None,
        decision="review",
        rule=RULE,
        confidence=1.0,
        reason=_REASON,
        proposed_at=clock.now(),
    )
    posted = [line for line in lines if line.kind]
    if not posted:
        raise CallError(["nothing is settled: book the receipt as an advance instead"])
    names = ("item_id", "credit_item_id", "amount", "receipt_amount", "kind")
    ProposalLine.objects.bulk_create(
        ProposalLine(proposal=proposal, **{name: getattr(line, name) for name in names}) for line in posted
    )
    hand_match.keep_differences(proposal, lines, found)
    between.keep_by_hand(proposal, items)
    replace_open(proposal)
    dispute, customer_id = wishes
    HandMatch.objects.create(
        proposal=proposal,
        entity_id=receipt.entity_id,
        user=actor.user,
        why=why,
        dispute=dispute,
        customer_id=customer_id,
    )
    return proposal
