"""Past days: versions, voided rows, and what happened later is blank."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book

JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))


def disputes(*rows: tuple[str, date | None, date | None, str | None, bool | None]) -> pl.DataFrame:
    """(id, known, closed, outcome, voided), all opened on 1 January."""
    return pl.DataFrame(
        [(name, "I", 1, "price", JAN, closed, outcome, known, voided) for name, known, closed, outcome, voided in rows],
        schema={
            "dispute_id": pl.String,
            "item_id": pl.String,
            "amount": pl.Int64,
            "reason": pl.String,
            "opened_on": pl.Date,
            "closed_on": pl.Date,
            "outcome": pl.String,
            "known_on": pl.Date,
            "voided": pl.Boolean,
        },
        orient="row",
    )


def test_the_last_version_known_that_day_counts() -> None:
    book = Book.of(disputes=disputes(("D", None, None, None, None), ("D", MAR, FEB, "credited", None)))
    assert book.as_of(FEB).disputes["outcome"].to_list() == [None]
    assert book.as_of(MAR).disputes["outcome"].to_list() == ["credited"]
    # As booked, the closing of February counts from February, whenever it became known.
    assert book.as_booked(FEB).disputes["outcome"].to_list() == ["credited"]
    assert book.as_booked(JAN).disputes["closed_on"].to_list() == [None]
    assert book.as_booked(date(2025, 12, 31)).disputes.height == 0


def test_a_closing_known_ahead_is_blank_until_its_day() -> None:
    book = Book.of(disputes=disputes(("D", JAN, APR, "paid", None)))
    assert book.as_of(MAR).disputes.select("closed_on", "outcome").row(0) == (None, None)
    assert book.as_of(APR).disputes.select("closed_on", "outcome").row(0) == (APR, "paid")


def test_voided_rows_are_gone_from_their_day_on() -> None:
    book = Book.of(disputes=disputes(("D", JAN, None, None, None), ("D", MAR, None, None, True)))
    assert book.as_of(FEB).disputes.height == 1
    assert book.as_of(MAR).disputes.height == book.current().disputes.height == book.as_booked(APR).disputes.height == 0


def test_of_two_versions_known_one_day_the_later_line_is_the_later_word() -> None:
    book = Book.of(disputes=disputes(("D", JAN, None, "a", None), ("D", JAN, JAN, "b", None)))
    assert book.current().disputes["outcome"].to_list() == ["b"]
    assert book.as_of(JAN).disputes["outcome"].to_list() == ["b"]


def test_what_bears_no_date_is_known_since_always() -> None:
    alias = {"customer_id": "C", "kind": "iban", "value": "FR76", "source": "bank"}
    book = Book.of(payer_aliases=pl.DataFrame([alias, alias | {"value": "DE89", "known_on": MAR}]))
    assert book.as_of(date(1999, 1, 1)).payer_aliases["value"].to_list() == ["FR76"]
    assert book.as_booked(date(1999, 1, 1)).payer_aliases.height == 2


def test_entities_have_no_versions() -> None:
    rows = pl.DataFrame({"entity_id": ["E", "E"], "name": ["old", "new"], "country": "FR", "currency": "EUR"})
    assert Book.of(entities=rows).as_of(JAN).entities["name"].to_list() == ["new"]
