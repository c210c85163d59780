"""The Book's tables: what conforms, what is refused, and all faults at once."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from encours.core.base.book import Book, book_from
from encours.core.base.issue import CallError, Issues, concat_issues, has_errors, no_issues
from encours.core.base.schema import TABLES, BookSchemaError, accounted_on_expr, known_on_expr

RATE = pl.DataFrame({"currency": ["USD"], "on": [date(2026, 1, 1)], "rate": [1.1]})


def test_every_table_has_a_key_among_its_required_columns() -> None:
    for table in TABLES.values():
        assert set(table.key) <= set(table.required), table.name
        assert set(table.dated_by) <= set(table.schema), table.name
        assert table.empty().schema == table.schema
        for dated, blanked in table.later.items():
            assert {dated, *blanked} <= set(table.schema), table.name


def test_columns_are_filled_dropped_ordered_and_cast() -> None:
    given = RATE.select("rate", "on", extra=pl.lit(1), currency=pl.col("currency").cast(pl.Categorical))
    found = TABLES["rates"].conform(given)
    assert found.schema == TABLES["rates"].schema
    assert found["known_on"].to_list() == [None]
    assert TABLES["rates"].conform(found) is found
    assert TABLES["statements"].column("entries").dtype == pl.Int64()


def test_all_faults_are_said_at_once() -> None:
    wrong = pl.DataFrame({"currency": ["USD"], "rate": ["1.1"]})
    with pytest.raises(BookSchemaError) as caught:
        Book.of(rates=wrong, ratez=RATE, documents=pl.DataFrame({"document_id": ["1"]}))
    text = str(caught.value)
    for part in (
        "ratez is not a table",
        "rates: required column on is absent",
        "rates.rate is String",
        "documents: required column sha256",
    ):
        assert part in text
    with pytest.raises(CallError, match="ratez is not a table"):
        Book.of().table("ratez")
    with pytest.raises(BookSchemaError):
        TABLES["rates"].conform(wrong)


def test_books_are_joined_replaced_and_read() -> None:
    book = book_from({"rates": RATE})
    assert Book.concat([book, book]).rates.height == 2
    assert Book.concat([]).rates.height == 0
    assert Book.concat([book, book]).current().rates.height == 1
    assert book.replace(rates=RATE.clear()).rates.height == 0
    assert set(book.tables()) == set(TABLES)


def test_the_last_day_is_what_the_book_knows_not_what_it_expects() -> None:
    assert Book.of(rates=RATE).last_day() is None
    promise = {"promise_id": ["P"], "customer_id": ["C"], "kind": ["promise"]}
    promise |= {"made_on": [date(2026, 2, 1)], "due_on": [date(2026, 9, 1)], "known_on": [date(2026, 2, 3)]}
    assert Book.of(promises=pl.DataFrame(promise)).last_day() == date(2026, 2, 3)


def test_default_days() -> None:
    row = pl.DataFrame(
        {
            "booked_on": [date(2026, 1, 5)] * 3,
            "posted_on": [None, date(2026, 1, 7), None],
            "known_on": [None, None, date(2026, 3, 1)],
        }
    )
    row = row.with_columns(pl.col("posted_on").cast(pl.Date))
    known = row.select(known_on_expr(TABLES["receipts"])).to_series().to_list()
    assert known == [date(2026, 1, 5), date(2026, 1, 7), date(2026, 3, 1)]
    accounted = row.select(accounted_on_expr(TABLES["receipts"])).to_series().to_list()
    assert accounted == [date(2026, 1, 5), date(2026, 1, 7), date(2026, 1, 5)]
    assert row.select(accounted_on_expr(TABLES["contacts"])).item(0, 0) is None


def test_issues() -> None:
    issues = Issues("a.csv")
    issues.add("odd", "something is odd", line=3, severity="warning")
    assert not has_errors(issues.frame())
    issues.add("bad", "something is bad")
    both = concat_issues([issues.frame().drop("action"), no_issues()])
    assert has_errors(both)
    assert both.select("file", "line", "code", "action").rows() == [
        ("a.csv", 3, "odd", None),
        ("a.csv", None, "bad", None),
    ]
