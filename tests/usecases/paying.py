"""A customer that pays each month's two invoices by one transfer, and quotes the last five digits of each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.core.base.book import Book
from tests.usecases.books import frame, small_book

#: Months that are settled by the ERP's letters, where nothing else is said.
MONTHS = 6


def monthly_rows(months: int, settled: int) -> dict[str, list[dict[str, Any]]]:
    """Two invoices a month of customer 0, both paid by one transfer that quotes the last five digits of each."""
    rows: dict[str, list[dict[str, Any]]] = {"items": [], "receipts": [], "allocations": []}
    for month in range(months):
        issued = date(2025, 7, 1) + timedelta(30 * month)
        numbers = [f"FA-2025-0{4100 + 2 * month + n}" for n in range(2)]
        at = {"entity_id": "A", "currency": "EUR"}
        rows["items"] += [
            at | {
                "item_id": f"A:{number}", "customer_id": "A:0", "number": number, "kind": "invoice",
                "issued_on": issued, "due_on": issued + timedelta(10), "amount": 10_000 + 100 * month + n,
            }
            for n, number in enumerate(numbers)
        ]  # fmt: skip
        paid = issued + timedelta(14)
        text = " ".join(number[-5:] for number in numbers)
        rows["receipts"].append(
            at | {
                "receipt_id": f"A:v{month}", "account": "512", "booked_on": paid, "amount": 20_001 + 200 * month,
                "kind": "transfer", "origin": "bank", "customer_id": "A:0", "remittance": f"VIR {text}",
            }
        )  # fmt: skip
        if month < settled:
            rows["allocations"] += [
                {
                    "allocation_id": f"A:a{month}{n}", "receipt_id": f"A:v{month}", "item_id": f"A:{number}",
                    "amount": 10_000 + 100 * month + n, "kind": "cash", "allocated_on": paid, "source": "erp",
                }
                for n, number in enumerate(numbers)
            ]  # fmt: skip
    return rows


def monthly_book(months: int, settled: int) -> Book:
    """The book of so many months, the first ones settled by letters."""
    book = small_book(paid=False, customers=2)
    made = {name: frame(name, rows) for name, rows in monthly_rows(months, settled).items()}
    return book.replace(**made)
