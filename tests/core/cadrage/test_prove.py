"""Customer by customer: what the ledger says beside what the book says, and what only the bank knows left out."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.cadrage.prove import customer_balances, prove_customers

JAN, FEB = date(2026, 1, 31), date(2026, 2, 28)


def a_book() -> Book:
    """C1 owes 1 000 from January and pays 400 in February by the ledger; the bank alone tells of 250 of C2."""
    items = pl.DataFrame(
        {
            "item_id": ["E:1", "E:2"],
            "entity_id": ["E", "E"],
            "customer_id": ["E:C1", "E:C2"],
            "ledger_account": ["411000", "411000"],
            "number": ["F1", "F2"],
            "kind": ["invoice", "invoice"],
            "issued_on": [date(2026, 1, 5), date(2026, 2, 2)],
            "due_on": [date(2026, 2, 5), date(2026, 3, 2)],
            "amount": [100_000, 25_000],
            "currency": ["EUR", "EUR"],
        }
    )
    receipts = pl.DataFrame(
        {
            "receipt_id": ["E:R1", "E:R2"],
            "entity_id": ["E", "E"],
            "account": ["512100", "512100"],
            "booked_on": [date(2026, 2, 10), date(2026, 2, 11)],
            "posted_on": [date(2026, 2, 12), None],
            "amount": [40_000, 25_000],
            "currency": ["EUR", "EUR"],
            "kind": ["transfer", "transfer"],
            "origin": ["bank", "bank"],
            "customer_id": ["E:C1", "E:C2"],
            "ledger_account": ["411000", None],
        }
    )
    allocations = pl.DataFrame(
        {
            "allocation_id": ["a1", "a2"],
            "receipt_id": ["E:R1", "E:R2"],
            "item_id": ["E:1", "E:2"],
            "amount": [30_000, 25_000],
            "kind": ["cash", "cash"],
            "allocated_on": [date(2026, 2, 12), date(2026, 2, 11)],
            "source": ["fec:lettrage", "encours:1"],
        }
    )
    return Book.of(items=items, receipts=receipts, allocations=allocations)


def told(*rows: tuple[str, date, int]) -> pl.DataFrame:
    """The ledger's balances on 411000 in euros."""
    frame = pl.DataFrame(rows, schema={"customer_id": pl.String, "on": pl.Date, "balance": pl.Int64}, orient="row")
    return frame.with_columns(ledger_account=pl.lit("411000"), currency=pl.lit("EUR"))


def test_each_closing_is_proved_by_its_own_day() -> None:
    proof = prove_customers(a_book(), told(("E:C1", JAN, 100_000), ("E:C1", FEB, 60_000), ("E:C2", FEB, 25_000)))
    assert proof.select("on", "customer_id", "ledger", "book", "gap").rows() == [
        (JAN, "E:C1", 100_000, 100_000, 0),
        (FEB, "E:C1", 60_000, 60_000, 0),
        (FEB, "E:C2", 25_000, 25_000, 0),
    ]


def test_a_gap_is_the_ledger_less_the_book_whichever_side_is_silent() -> None:
    proof = prove_customers(a_book(), told(("E:C1", FEB, 60_001), ("E:C3", FEB, 500)))
    gaps = {row["customer_id"]: row["gap"] for row in proof.iter_rows(named=True)}
    assert gaps == {"E:C1": 1, "E:C2": -25_000, "E:C3": 500}


def test_accounts_and_currencies_are_not_netted() -> None:
    other = told(("E:C1", FEB, 60_000)).with_columns(ledger_account=pl.lit("416000"))
    proof = prove_customers(a_book(), other).filter(pl.col("customer_id") == "E:C1")
    assert proof.select("ledger_account", "gap").rows() == [("411000", -60_000), ("416000", 60_000)]
    dollars = told(("E:C1", FEB, 60_000)).with_columns(currency=pl.lit("USD"))
    proof = prove_customers(a_book(), dollars).filter(pl.col("customer_id") == "E:C1")
    assert proof.select("currency", "gap").rows() == [("EUR", -60_000), ("USD", 60_000)]


def test_money_counts_in_a_book_that_no_ledger_made() -> None:
    book = a_book()
    listed = book.replace(
        receipts=book.receipts.with_columns(
            posted_on=pl.lit(None, dtype=pl.Date), ledger_account=pl.lit(None, dtype=pl.String)
        )
    )
    rows = customer_balances(listed.as_booked(FEB)).sort("customer_id", "ledger_account", nulls_last=True)
    assert rows.select("customer_id", "ledger_account", "book").rows() == [
        ("E:C1", "411000", 70_000),
        ("E:C1", None, -10_000),
    ]
