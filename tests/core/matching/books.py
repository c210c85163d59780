"""Small books for matching tests, written as rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.base.schema import TABLES

DAY = date(2026, 1, 5)


def item(number: str, amount: int, customer: str = "c1", **more: Any) -> dict[str, Any]:
    """An open item of entity E in EUR."""
    kind = "invoice" if amount >= 0 else "credit_note"
    base = {"item_id": f"E:{customer}:{number}", "entity_id": "E", "customer_id": customer, "number": number}
    rest = {"kind": kind, "issued_on": DAY, "due_on": DAY + timedelta(days=30), "amount": amount, "currency": "EUR"}
    return {**base, **rest, **more}


def receipt(receipt_id: str, amount: int, text: str | None, day: int = 40, **more: Any) -> dict[str, Any]:
    """Money in on the bank of entity E, `day` days after the items were issued."""
    base = {"receipt_id": receipt_id, "entity_id": "E", "account": "BANK", "booked_on": DAY + timedelta(days=day)}
    rest = {"amount": amount, "currency": "EUR", "kind": "transfer", "origin": "bank", "remittance": text}
    return {**base, **rest, **more}


def book(items: list[dict[str, Any]], receipts: list[dict[str, Any]], **tables: list[dict[str, Any]]) -> Book:
    """A Book of rows; customers are those that items and receipts name."""
    names = sorted({row["customer_id"] for row in [*items, *receipts] if row.get("customer_id")})
    customers = [{"customer_id": name, "entity_id": "E", "name": name, "kind": "business"} for name in names]
    given = {"items": items, "receipts": receipts, "customers": customers, **tables}
    return Book.of(**{name: _frame(name, rows) for name, rows in given.items() if rows})


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLES[name].schema
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)
