"""Measuring a book folder: each entity and currency has its own figures, and they are the aged balance's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.metrics import Scope
from encours.usecases.measure_ageing import AgeingOptions, measure_ageing

JAN, FEB, END = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 31)


def two_entities() -> Book:
    """Two entities, one of them in two currencies; a receipt of each, one of an unknown payer."""
    items = [("A", "EUR", 100), ("A", "USD", 70), ("B", "EUR", 30), ("B", "EUR", -5)]
    rows = [
        (
            f"{entity}:{n}",
            entity,
            f"{entity}:C",
            str(n),
            "invoice" if amount > 0 else "credit_note",
            JAN,
            FEB,
            amount,
            currency,
        )
        for n, (entity, currency, amount) in enumerate(items)
    ]
    names = ["item_id", "entity_id", "customer_id", "number", "kind", "issued_on", "due_on", "amount", "currency"]
    receipts = [("A:R", "A", 40, "A:C"), ("B:R", "B", 7, None)]
    return Book.of(
        items=pl.DataFrame(rows, schema=names, orient="row"),
        receipts=pl.DataFrame(
            receipts, schema=["receipt_id", "entity_id", "amount", "customer_id"], orient="row"
        ).with_columns(
            account=pl.lit("X"), booked_on=FEB, currency=pl.lit("EUR"), kind=pl.lit("transfer"), origin=pl.lit("bank")
        ),
        allocations=pl.DataFrame(
            {"allocation_id": ["L"], "receipt_id": ["A:R"], "item_id": ["A:0"], "amount": [30], "kind": ["cash"]}
        ).with_columns(allocated_on=FEB, source=pl.lit("x")),
    )


def test_each_entity_and_currency_has_its_own_figures(tmp_path: Path) -> None:
    write_book(two_entities(), tmp_path)
    found = measure_ageing(tmp_path, AgeingOptions(as_of=END))
    outstanding = {key: figures["outstanding"].value for key, figures in found.figures.items()}
    assert outstanding == {("A", "EUR"): 60, ("A", "USD"): 70, ("B", "EUR"): 25}
    assert found.figures["A", "EUR"]["unapplied"].value == 10
    assert found.figures["B", "EUR"]["unidentified"].value == 7
    totals = found.ageing.totals("entity_id", "currency")
    assert {(e, c): t for e, c, t in totals.select("entity_id", "currency", "total").iter_rows()} == outstanding
    assert "excluded" not in found.table().columns
    assert "oldest_on" not in found.table().columns


def test_one_currency_needs_every_rate(tmp_path: Path) -> None:
    book = two_entities()
    write_book(book, tmp_path)
    options = AgeingOptions(as_of=END, currency="EUR", scope=Scope(drafts=False))
    without = measure_ageing(tmp_path, options)
    assert without.consolidated == {"currency": "EUR", "not_computable": f"No rate up to {END} for USD."}
    assert "excluded" in without.table().columns
    write_book(book.replace(rates=pl.DataFrame({"currency": ["USD"], "on": [FEB], "rate": [1.4]})), tmp_path)
    found = measure_ageing(tmp_path, options).consolidated
    assert found is not None
    assert found["total"] == 60 + 50 + 25


def test_a_book_without_any_day_needs_one(tmp_path: Path) -> None:
    write_book(Book.of(), tmp_path)
    with pytest.raises(CallError, match="give --as-of"):
        measure_ageing(tmp_path)
    assert measure_ageing(tmp_path, AgeingOptions(as_of=END)).figures == {}
    with pytest.raises(CallError, match="not growing"):
        measure_ageing(tmp_path, AgeingOptions(as_of=END, limits=(9, 3)))
