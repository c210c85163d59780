"""What the audit drew and nobody judged yet: the post beside the receipt's text and the items it settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.store.models import Customer, Item, MatchAudit, ProposalLine, Receipt
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class AuditedLine:
    """An item that the post settled."""

    item_id: str
    number: str
    kind: str
    issued_on: date | None
    due_on: date | None
    invoiced: int | None
    amount: int
    settled_as: str


@dataclass(frozen=True)
class AuditRow:
    """A drawn post: what came, what it was taken to pay, and why. `via`: proof, certificate or prior."""

    audit_id: int
    receipt_id: str
    stratum: str
    via: str
    confidence: float
    threshold: float | None
    drawn_on: date
    rule: str
    reason: str
    payer_name: str
    remittance: str
    booked_on: date | None
    amount: int
    currency: str
    customer_id: str | None
    customer_name: str
    lines: list[AuditedLine]


class Naming:
    """Looks up what ids stand for, within what may be seen."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing

    def receipts(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """receipt_id -> its text and figures."""
        wanted = ("receipt_id", "payer_name", "remittance", "booked_on", "amount", "currency")
        rows = self._viewing.facts(Receipt).filter(receipt_id__in=list(ids)).values(*wanted)
        return {row["receipt_id"]: row for row in rows}

    def payers(self, ids: Iterable[str]) -> dict[str, str]:
        """receipt_id -> the payer's name."""
        return {key: row["payer_name"] or "" for key, row in self.receipts(ids).items()}

    def items(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """item_id -> number, kind, dates, amount."""
        wanted = ("item_id", "number", "kind", "issued_on", "due_on", "amount")
        rows = self._viewing.facts(Item).filter(item_id__in=list(ids)).values(*wanted)
        return {row["item_id"]: row for row in rows}

    def customers(self, ids: Iterable[str]) -> dict[str, str]:
        """customer_id -> name."""
        rows = self._viewing.facts(Customer).filter(customer_id__in=list(ids))
        return dict(rows.values_list("customer_id", "name"))


def audit_rows(viewing: Viewing, audits: Sequence[MatchAudit]) -> list[AuditRow]:
    """The audits dressed with what a person needs to judge them: a fixed number of queries."""
    if not audits:
        return []
    naming = Naming(viewing.every_entity())
    proposals = {row.pk: row.decision.proposal for row in audits}
    numbers = [one.pk for one in proposals.values() if one is not None]
    lines = list(ProposalLine.objects.filter(proposal_id__in=numbers).order_by("id"))
    receipts = naming.receipts(row.receipt_id for row in audits)
    items = naming.items({line.item_id for line in lines})
    customers = naming.customers({one.customer_id for one in proposals.values() if one and one.customer_id})
    found = []
    for row in audits:
        proposal, receipt = proposals[row.pk], receipts.get(row.receipt_id, {})
        own = [_line(line, items) for line in lines if proposal is not None and line.proposal_id == proposal.pk]
        customer_id = None if proposal is None else proposal.customer_id
        found.append(
            AuditRow(
                audit_id=row.pk,
                receipt_id=row.receipt_id,
                stratum=row.stratum,
                via=row.via,
                confidence=row.confidence,
                threshold=row.threshold,
                drawn_on=row.drawn_on,
                rule="" if proposal is None else proposal.rule,
                reason="" if proposal is None else proposal.reason,
                payer_name=receipt.get("payer_name") or "",
                remittance=receipt.get("remittance") or "",
                booked_on=receipt.get("booked_on"),
                amount=receipt.get("amount", 0),
                currency=receipt.get("currency", "EUR"),
                customer_id=customer_id,
                customer_name=customers.get(customer_id or "", ""),
                lines=own,
            )
        )
    return found


def _line(line: ProposalLine, items: dict[str, dict[str, Any]]) -> AuditedLine:
    item = items.get(line.item_id, {})
    return AuditedLine(
        line.item_id,
        item.get("number") or line.item_id,
        item.get("kind", ""),
        item.get("issued_on"),
        item.get("due_on"),
        item.get("amount"),
        line.amount,
        line.kind,
    )
