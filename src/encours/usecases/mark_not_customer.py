"""Marking a receipt as no customer's: out of the queue, and never proposed again until that is undone."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store.models import Advance, Decision, NotCustomer, Proposal
from encours.usecases.book_advance import lay_aside
from encours.usecases.deciding import keep_decision, locked_receipt
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.take_receipt import refuse_if_taken, release_receipt

ACT = "mark_not_customer"
#: What money that is no customer's can be.
REASONS = ("own_transfer", "payment_made", "bank_fee", "supplier_refund", "tax", "interest", "loan", "other")


def mark_not_customer(
    actor: Actor, receipt_id: str, reason: str, why: str = "", *, among_others: bool = False
) -> Decision:
    """Keeps a receipt out of cash application for a reason (one of REASONS). Twice is once; `undo_match` undoes it.

    Raises NotAllowedError, TakenError while another person works on it, CallError where some of it is applied or stands
    on an account by a decision, or the reason is none.
    """
    with transaction.atomic():
        receipt = locked_receipt(actor, receipt_id, ACT)
        permission = require(actor, ACT, receipt.entity_id, receipt.amount)
        if permission.second_signature:
            raise NotAllowedError(ACT, receipt.entity_id, permission.why)
        if reason not in REASONS:
            raise CallError([f"{reason!r} is no reason; choose one of {', '.join(REASONS)}"])
        before = NotCustomer.objects.select_related("decision").filter(receipt_id=receipt_id).first()
        if before is not None and before.reason == reason:
            return before.decision
        refuse_if_taken(actor, receipt_id, among_others=among_others)
        _check_free(receipt_id, receipt.amount == receipt.unapplied, before)
        decision = keep_decision(
            actor, ACT, receipt.entity_id, receipt_id, amount=receipt.amount, why=why.strip(), more={"reason": reason}
        )
        NotCustomer.objects.create(entity_id=receipt.entity_id, receipt_id=receipt_id, reason=reason, decision=decision)
        lay_aside(receipt_id)
        release_receipt(actor, receipt_id)
    return decision


def mark_not_customers(
    actor: Actor, receipt_ids: Iterable[str], reason: str, why: str = ""
) -> tuple[list[Decision], list[str]]:
    """Several receipts, each on its own: (marked, what kept the others back). Raises NotAllowedError."""
    wanted = list(dict.fromkeys(receipt_ids))
    done, faults = [], []
    for receipt_id in wanted:
        try:
            done.append(mark_not_customer(actor, receipt_id, reason, why, among_others=len(wanted) > 1))
        except NotAllowedError:
            raise
        except CallError as error:
            faults += error.faults
    return done, faults


def _check_free(receipt_id: str, is_free: bool, before: NotCustomer | None) -> None:
    faults = []
    if before is not None:
        faults.append(f"receipt {receipt_id} is marked as not from a customer: undo that first")
    if not is_free:
        faults.append(f"some of receipt {receipt_id} is applied: undo that first")
    if Advance.objects.filter(receipt_id=receipt_id).exists():
        faults.append(f"receipt {receipt_id} stands on a customer's account: undo that first")
    if Proposal.objects.filter(receipt_id=receipt_id, state=Proposal.State.OPEN, by_hand__isnull=False).exists():
        faults.append(f"another match of receipt {receipt_id} waits for its second signature")
    if faults:
        raise CallError(faults)
