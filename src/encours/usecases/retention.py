"""A retention (retenue de garantie) that a person found: an item of its own on 4117 until it is released."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from encours.core.base.issue import CallError
from encours.store.models import Allocation, DifferenceLine, Item, Proposal
from encours.usecases.deciding import write_fact
from encours.usecases.difference_policy import difference_policy
from encours.usecases.merge.apply import Merged

CAUSE, KIND = "retention", "netting"
PART = "RG"
_YEAR = 365


def keep_back(proposal: Proposal) -> list[Merged]:
    """The items of the retentions that posting a proposal took off its invoices, in the caller's transaction.

    Each bears the id of its allocation, stands on the policy's account and is due once the law releases it (loi 71-584:
    a year after the works were accepted; counted from the invoice, where nobody knows that day).
    """
    rule = difference_policy(proposal.entity_id).rule(CAUSE)
    written = []
    for row in _rows(proposal):
        invoice = Item.objects.get(item_id=row.item_id, is_current=True)
        item = {
            "item_id": row.allocation_id,
            "customer_id": invoice.customer_id,
            "ledger_account": row.account,
            "number": invoice.number,
            "part": PART,
            "kind": "retention",
            "issued_on": invoice.issued_on,
            "due_on": invoice.issued_on + timedelta(days=rule.days or _YEAR),
            "amount": row.amount,
            "currency": invoice.currency,
            "payment_method": invoice.payment_method,
            "order_ref": invoice.order_ref,
            "purchase_order": invoice.purchase_order,
            "posted_on": _moved_on(row.allocation_id),
        }
        written.append(write_fact("items", item, proposal.entity_id))
    return written


def give_back(proposal: Proposal) -> list[Merged]:
    """Takes these items out of the book again. Raises CallError where one has been paid since."""
    rows = [row for row in _rows(proposal) if Item.objects.filter(item_id=row.allocation_id, is_current=True).exists()]
    return take_out([str(row.allocation_id) for row in rows], proposal.entity_id)


def take_out(item_ids: Iterable[str], entity_id: str) -> list[Merged]:
    """Voids retention items. Raises CallError where one has been paid since."""
    wanted = list(item_ids)
    paid = Allocation.objects.filter(item_id__in=wanted, is_current=True, reversed_on__isnull=True).order_by("item_id")
    if first := paid.first():
        number = Item.objects.filter(item_id=first.item_id, is_current=True).values_list("number", flat=True).first()
        raise CallError([f"the retention of {number} is paid in part or whole: undo that first"])
    return [write_fact("items", {"item_id": item_id, "voided": True}, entity_id) for item_id in wanted]


def _rows(proposal: Proposal) -> list[DifferenceLine]:
    rows = DifferenceLine.objects.filter(proposal=proposal, cause=CAUSE, kind=KIND, allocation_id__isnull=False)
    return list(rows.order_by("pk"))


def _moved_on(allocation_id: str | None) -> object:
    """The accounting date of the transfer from 411: the item comes to its account the same day."""
    found = Allocation.objects.filter(allocation_id=allocation_id, is_current=True)
    return found.values_list("allocated_on", flat=True).first()
