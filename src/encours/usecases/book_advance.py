"""Booking an advance: what is left of a receipt stands on a customer's account until an invoice takes it (4191)."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store.models import Advance, Customer, Decision, NotCustomer, Proposal, Receipt
from encours.usecases.deciding import keep_decision, locked_receipt, write_fact
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.take_receipt import refuse_if_taken, release_receipt

ACT = "book_advance"


def book_advance(actor: Actor, receipt_id: str, customer_id: str, why: str = "") -> Decision:
    """Puts what is left of a receipt on a customer's account. Twice is once; `undo_match` takes it back.

    The money stays unapplied, lowers the customer's balance, and may be matched later. Open proposals give way.
    Raises NotAllowedError (no right, over the limit, not seen), TakenError while another person works on the receipt,
    CallError where there is no money left, or it stands on another's account by such a decision.
    """
    with transaction.atomic():
        receipt = locked_receipt(actor, receipt_id, ACT)
        permission = require(actor, ACT, receipt.entity_id, receipt.unapplied)
        if permission.second_signature:
            raise NotAllowedError(ACT, receipt.entity_id, permission.why)
        check_customer(actor, receipt, customer_id)
        standing = Advance.objects.select_related("decision").filter(receipt_id=receipt_id).first()
        if standing is not None and standing.customer_id == customer_id:
            return standing.decision
        refuse_if_taken(actor, receipt_id)
        if NotCustomer.objects.filter(receipt_id=receipt_id).exists():
            raise CallError([f"receipt {receipt_id} is marked as not from a customer: undo that first"])
        decision, merged = stand_on_account(actor, receipt, customer_id, why.strip())
        lay_aside(receipt_id)
        release_receipt(actor, receipt_id)
    if merged is not None:
        merged.extend_copies()
    return decision


def check_customer(actor: Actor, receipt: Receipt, customer_id: str) -> None:
    """Raises CallError where the customer is not of the receipt's entity, NotAllowedError where it is not seen."""
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError(ACT, receipt.entity_id, "not_visible")
    if customer.entity_id != receipt.entity_id:
        raise CallError([f"customer {customer.name} belongs to another entity"])
    standing = Advance.objects.filter(receipt_id=receipt.receipt_id).exclude(customer_id=customer_id)
    if standing.exists():
        raise CallError([f"receipt {receipt.receipt_id} stands on another customer's account: undo that first"])


def stand_on_account(
    actor: Actor, receipt: Receipt, customer_id: str, why: str, proposal: Proposal | None = None
) -> tuple[Decision, Merged | None]:
    """Writes it, in the caller's transaction and under its lock: a version of the receipt with the customer."""
    if receipt.amount <= 0 or receipt.unapplied <= 0:
        raise CallError([f"receipt {receipt.receipt_id} has no money left"])
    former, merged = receipt.customer_id, None
    if former != customer_id:
        row = {"receipt_id": receipt.receipt_id, "customer_id": customer_id}
        merged = write_fact("receipts", row, receipt.entity_id)
    decision = keep_decision(
        actor,
        ACT,
        receipt.entity_id,
        receipt.receipt_id,
        amount=receipt.unapplied,
        why=why,
        proposal=proposal,
        more={"customer": customer_id, "former_customer": former},
    )
    Advance.objects.create(
        entity_id=receipt.entity_id,
        receipt_id=receipt.receipt_id,
        customer_id=customer_id,
        former_customer_id=former,
        amount=receipt.unapplied,
        decision=decision,
    )
    return decision, merged


def take_off_account(decision: Decision) -> Merged | None:
    """Gives the receipt back to whose account it stood on before, in the caller's transaction and under its lock."""
    row = Advance.objects.filter(decision=decision).first()
    if row is None:
        return None
    receipt = Receipt.objects.filter(receipt_id=row.receipt_id, is_current=True).first()
    row.delete()
    if receipt is None or receipt.customer_id == row.former_customer_id or receipt.customer_id != row.customer_id:
        return None  # a source has said since whose it is
    fact = {"receipt_id": row.receipt_id, "customer_id": row.former_customer_id}
    return write_fact("receipts", fact, decision.entity_id)


def lay_aside(receipt_id: str) -> None:
    """Takes what is proposed for a receipt out of the queue; a match that waits for its second signature stays."""
    rows = Proposal.objects.filter(receipt_id=receipt_id, state=Proposal.State.OPEN).exclude(by_hand__isnull=False)
    rows.filter(decision="none").delete()
    rows.exclude(decision="none").update(state=Proposal.State.SUPERSEDED)
