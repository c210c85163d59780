"""Sealed positions: a digest that any change breaks, and the list of what changed since."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.cadrage.closing import changes_since, open_positions, seal_digest

END = date(2026, 1, 31)


def make_book(late: bool = False) -> Book:
    """Two invoices and a receipt of January; `late`: a payment dated January that became known in February."""
    item = {"entity_id": "E", "customer_id": "E:c", "kind": "invoice", "issued_on": date(2026, 1, 5), "currency": "EUR"}
    allocations = [
        {
            "allocation_id": "a",
            "receipt_id": "r",
            "item_id": "i1",
            "amount": 400,
            "kind": "cash",
            "allocated_on": date(2026, 1, 20),
            "source": "erp",
        },
        {
            "allocation_id": "b",
            "receipt_id": None,
            "item_id": "i2",
            "amount": 300,
            "kind": "cash",
            "allocated_on": date(2026, 2, 3),
            "source": "erp",
        },
    ]
    if late:
        allocations.append(
            {
                "allocation_id": "l",
                "receipt_id": None,
                "item_id": "i2",
                "amount": 250,
                "kind": "cash",
                "allocated_on": date(2026, 1, 30),
                "source": "erp",
            }
        )
    return Book.of(
        entities=pl.DataFrame([{"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}]),
        customers=pl.DataFrame([{"customer_id": "E:c", "entity_id": "E", "name": "c", "kind": "business"}]),
        items=pl.DataFrame(
            [
                item | {"item_id": "i1", "number": "F1", "amount": 1000, "due_on": date(2026, 2, 5)},
                item | {"item_id": "i2", "number": "F2", "amount": 600, "due_on": date(2026, 1, 25)},
            ]
        ),
        receipts=pl.DataFrame(
            [
                {
                    "receipt_id": "r",
                    "entity_id": "E",
                    "account": "FR76",
                    "booked_on": date(2026, 1, 20),
                    "amount": 500,
                    "currency": "EUR",
                    "kind": "transfer",
                    "origin": "bank",
                    "customer_id": "E:c",
                    "payer_name": "C SA",
                }
            ]
        ),
        allocations=pl.DataFrame(allocations),
    )


def sealed(book: Book) -> pl.DataFrame:
    """January's open positions."""
    return open_positions(book.as_booked(END))


def test_the_positions_are_those_of_the_closing_day_by_accounting_date() -> None:
    rows = dict(sealed(make_book()).select("subject_id", "open").iter_rows())
    assert rows == {"i1": 600, "i2": 600, "r": -100}
    assert sum(rows.values()) == make_book().as_booked(END).balances()["balance"].sum()


def test_row_order_does_not_change_the_digest_and_any_amount_does() -> None:
    rows = sealed(make_book())
    assert seal_digest(rows) == seal_digest(rows.reverse())
    other = rows.with_columns(open=pl.when(pl.col("subject_id") == "i1").then(601).otherwise("open"))
    assert seal_digest(other) != seal_digest(rows)


def test_a_fact_that_came_later_but_is_dated_before_is_listed() -> None:
    rows = changes_since(sealed(make_book()), sealed(make_book(late=True)))
    assert rows.select("subject_id", "sealed", "now", "change").rows() == [("i2", 600, 350, -250)]
    assert rows["label"].to_list() == ["F2"]
    assert not changes_since(sealed(make_book()), sealed(make_book())).height
