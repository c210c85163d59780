"""Random ledgers for Hypothesis: invoices, credit notes, receipts, every kind of allocation, reversals, late news,
corrections and voided rows, all within one small world so that they meet."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.base.schema import TABLES

START = date(2025, 1, 1)
SPAN = 120
CUSTOMERS = ("E:C1", "E:C2", "E:C3")
days = st.integers(0, SPAN).map(lambda n: START + timedelta(days=n))
later = st.none() | st.integers(0, 40)
amounts = st.integers(1, 50_000)


def _known(draw: Any, day: date) -> date | None:
    lag = draw(later)
    return None if lag is None else day + timedelta(days=lag)


def _item(draw: Any, n: int) -> dict[str, Any]:
    issued = draw(days)
    credit = draw(st.integers(0, 3)) == 0
    amount = draw(amounts)
    return {
        "item_id": f"E:I{n}",
        "entity_id": "E",
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "ledger_account": draw(st.sampled_from([None, "411000", "416000", "413000"])),
        "number": str(n),
        "kind": draw(st.sampled_from(["credit_note", "down_payment"])) if credit else "invoice",
        "issued_on": issued,
        "due_on": issued + timedelta(days=draw(st.integers(0, 60))),
        "posted_on": draw(st.sampled_from([None, issued, issued + timedelta(days=3)])),
        "amount": -amount if credit else amount,
        "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
        "known_on": _known(draw, issued),
        "voided": None,
    }


def _receipt(draw: Any, n: int) -> dict[str, Any]:
    booked = draw(days)
    return {
        "receipt_id": f"E:R{n}",
        "entity_id": "E",
        "account": "FR76",
        "booked_on": booked,
        "amount": draw(amounts) * draw(st.sampled_from([1, 1, 1, -1])),
        "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
        "kind": "transfer",
        "origin": "bank",
        "customer_id": draw(st.sampled_from([None, *CUSTOMERS])),
        "known_on": _known(draw, booked),
        "voided": None,
    }


def _allocation(draw: Any, n: int, items: list[dict[str, Any]], receipts: list[dict[str, Any]]) -> dict[str, Any]:
    item = draw(st.sampled_from(items))
    kind = draw(st.sampled_from(["cash", "cash", "cash", "credit", "discount", "charge", "write_off", "fx", "netting"]))
    notes = [row for row in items if row["amount"] < 0]
    if kind == "credit" and not notes:
        kind = "ledger"
    receipt = draw(st.sampled_from(receipts)) if receipts and kind == "cash" and draw(st.booleans()) else None
    allocated = draw(days)
    size = draw(st.integers(1, max(1, abs(item["amount"]) // 2)))
    return {
        "allocation_id": f"E:A{n}",
        "receipt_id": receipt["receipt_id"] if receipt else None,
        "item_id": item["item_id"],
        "credit_item_id": draw(st.sampled_from(notes))["item_id"] if kind == "credit" else None,
        "amount": size if item["amount"] > 0 else -size,
        "receipt_amount": draw(st.none() | amounts) if receipt else None,
        "kind": kind,
        "allocated_on": allocated,
        "reversed_on": draw(st.none() | st.integers(0, 40).map(lambda lag: allocated + timedelta(days=lag))),
        "source": "test",
        "known_on": _known(draw, allocated),
        "voided": None,
    }


def _corrected(draw: Any, rows: list[dict[str, Any]], dated: str) -> list[dict[str, Any]]:
    """Later versions of some rows: another amount, or voided."""
    more = []
    for row in rows:
        if draw(st.integers(0, 5)) == 0:
            known = (row["known_on"] or row[dated]) + timedelta(days=draw(st.integers(0, 30)))
            change = {"amount": row["amount"] * 2} if draw(st.booleans()) else {"voided": True}
            more.append({**row, "known_on": known, **change})
    return rows + more


@st.composite
def ledgers(draw: Any) -> dict[str, list[dict[str, Any]]]:
    """A ledger as rows: items, receipts, allocations."""
    items = [_item(draw, n) for n in range(draw(st.integers(1, 6)))]
    receipts = [_receipt(draw, n) for n in range(draw(st.integers(0, 4)))]
    allocations = [_allocation(draw, n, items, receipts) for n in range(draw(st.integers(0, 8)))]
    return {
        "items": _corrected(draw, items, "issued_on"),
        "receipts": _corrected(draw, receipts, "booked_on"),
        "allocations": _corrected(draw, allocations, "allocated_on"),
    }


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as the table's frame."""
    schema = {name: dtype for name, dtype in TABLES[table].schema.items() if not rows or name in rows[0]}
    return TABLES[table].conform(pl.DataFrame(rows, schema=schema))


def book_of(facts: dict[str, list[dict[str, Any]]]) -> Book:
    """The same ledger as a Book."""
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"]}),
        customers=pl.DataFrame(
            {"customer_id": CUSTOMERS, "entity_id": "E", "name": CUSTOMERS, "kind": "business"},
        ),
        **{name: frame(name, rows) for name, rows in facts.items()},
    )
