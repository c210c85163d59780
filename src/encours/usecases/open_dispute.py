"""Disputes (litiges): an amount of an item that the customer contests, with a reason and who must settle it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import Decision, Dispute, Item, Proposal
from encours.usecases import clock
from encours.usecases.deciding import keep_decision, write_fact
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, require

ACT, CLOSE_ACT = "open_dispute", "close_dispute"
#: Reason -> who settles it where nobody is named.
REASONS: Mapping[str, str] = {
    "price": "sales",
    "discount": "sales",
    "rebate": "sales",
    "quantity": "logistics",
    "quality": "quality",
    "penalty": "logistics",
    "no_order": "sales_administration",
    "no_proof_of_delivery": "logistics",
    "duplicate": "billing",
    "address": "billing",
    "tax": "tax",
    "terms": "credit",
    "already_paid": "cash_application",
    "contract": "legal",
    "other": "collection",
}
#: How a dispute ends: the customer is right and gets a credit note, pays after all, took it back, or it was given up.
OUTCOMES = ("credit_note", "paid", "withdrawn", "rejected", "written_off")


def open_dispute(
    actor: Actor, item_id: str, reason: str, *, amount: int | None = None, owner: str = "", why: str = ""
) -> Decision:
    """Opens a dispute of so much of an item (default: all that is open). Twice is once; `undo_match` takes it back.

    Raises NotAllowedError, or CallError for an unknown reason, a settled item, or more than is open.
    """
    with transaction.atomic():
        item = _locked_item(actor, item_id)
        require(actor, ACT, item.entity_id, item.open if amount is None else amount)
        check_reason(reason)
        decision, merged = contest(actor, item, reason, amount=amount, owner=owner, why=why)
    if merged is not None:
        merged.extend_copies()
    return decision


def close_dispute(actor: Actor, dispute_id: str, outcome: str, why: str = "") -> Decision:
    """Closes a dispute with its outcome (one of OUTCOMES). Twice is once; `undo_match` opens it again.

    Raises NotAllowedError, or CallError for an unknown outcome.
    """
    with transaction.atomic():
        seen = actor.scope(Dispute).filter(dispute_id=dispute_id, is_current=True).first()
        if seen is None:
            raise NotAllowedError(ACT, None, "not_visible")
        require(actor, ACT, seen.entity_id)
        if outcome not in OUTCOMES:
            raise CallError([f"{outcome!r} is no outcome; choose one of {', '.join(OUTCOMES)}"])
        parquet.lock_entity(seen.entity_id)
        dispute = Dispute.objects.filter(dispute_id=dispute_id, is_current=True).first()
        if dispute is None or dispute.closed_on is not None:
            return _closed_before(dispute_id)
        row = {"dispute_id": dispute_id, "closed_on": clock.today(), "outcome": outcome}
        merged = write_fact("disputes", row, dispute.entity_id)
        decision = keep_decision(
            actor,
            CLOSE_ACT,
            dispute.entity_id,
            dispute_id,
            amount=dispute.amount,
            why=why.strip(),
            more={"outcome": outcome, "item": dispute.item_id},
        )
    merged.extend_copies()
    return decision


def check_reason(reason: str) -> None:
    """Raises CallError for a reason that there is not."""
    if reason not in REASONS:
        raise CallError([f"{reason!r} is no reason; choose one of {', '.join(REASONS)}"])


def contest(
    actor: Actor,
    item: Item,
    reason: str,
    *,
    amount: int | None = None,
    owner: str = "",
    why: str = "",
    proposal: Proposal | None = None,
) -> tuple[Decision, Merged | None]:
    """Writes the dispute, in the caller's transaction and under its lock; the one that stands where it is the same."""
    size = item.open if amount is None else amount
    if not size or size * item.open < 0 or abs(size) > abs(item.open):
        raise CallError([f"item {item.number} is not open for the disputed amount"])
    owner = owner.strip() or REASONS[reason]
    same = Dispute.objects.filter(
        item_id=item.item_id, is_current=True, closed_on__isnull=True, reason=reason, amount=size, owner=owner
    ).first()
    if same is not None:
        before = Decision.objects.filter(act=ACT, subject_id=same.dispute_id, undone_by__isnull=True).first()
        if before is not None:
            return before, None
    dispute_id = f"{item.entity_id}:encours-{uuid.uuid4().hex[:16]}"
    row = {
        "dispute_id": dispute_id,
        "item_id": item.item_id,
        "amount": size,
        "reason": reason,
        "opened_on": clock.today(),
        "owner": owner,
    }
    merged = write_fact("disputes", row, item.entity_id)
    more = {"item": item.item_id, "reason": reason, "owner": owner}
    decision = keep_decision(
        actor, ACT, item.entity_id, dispute_id, amount=size, why=why.strip(), proposal=proposal, more=more
    )
    return decision, merged


def withdraw(decision: Decision) -> Merged | None:
    """Takes an opened dispute out of the book by a voided version, in the caller's transaction and under its lock."""
    if not Dispute.objects.filter(dispute_id=decision.subject_id, is_current=True).exists():
        return None
    return write_fact("disputes", {"dispute_id": decision.subject_id, "voided": True}, decision.entity_id)


def reopen(decision: Decision) -> Merged | None:
    """Opens a closed dispute again, in the caller's transaction and under its lock."""
    if not Dispute.objects.filter(dispute_id=decision.subject_id, is_current=True).exists():
        return None
    row = {"dispute_id": decision.subject_id, "closed_on": None, "outcome": None}
    return write_fact("disputes", row, decision.entity_id)


def _locked_item(actor: Actor, item_id: str) -> Item:
    rows = actor.scope(Item).filter(item_id=item_id, is_current=True)
    seen = rows.first()
    if seen is None:
        raise NotAllowedError(ACT, None, "not_visible")
    parquet.lock_entity(seen.entity_id)
    now: Item | None = rows.first()
    if now is None:
        raise NotAllowedError(ACT, None, "not_visible")
    return now


def _closed_before(dispute_id: str) -> Decision:
    before = Decision.objects.filter(act=CLOSE_ACT, subject_id=dispute_id, undone_by__isnull=True).first()
    if before is None:
        raise CallError([f"dispute {dispute_id} is closed already"])
    return before
