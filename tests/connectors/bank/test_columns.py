"""A column of texts is read as one text after the other would be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from encours.connectors.base import bank_columns
from encours.connectors.base.accounts import normal_account
from encours.connectors.base.bank import clean, plain_amount, reference
from encours.core.base.money import to_minor

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
_PIECES = st.lists(st.sampled_from([" ", "  ", "a", "É", "-", "\t", " ", "​", "0", "x" * 80]), max_size=5)
_ANY = st.none() | _TEXT | _PIECES.map("".join)
_REFERENCES = _ANY | st.sampled_from(["NOTPROVIDED", "notprovided", " NonRef ", "NONE", "EREF", "PAY-1"])
_DAYS = st.sampled_from(
    ["2026-02-28", "2026-02-30", "2026-2-3", "20260228", "2026-02-28T10:00:00", "", "x", "0000-01-01"]
)
_NUMBERS = st.from_regex(r"[+-]?[0-9]{1,13}([.,][0-9]{0,6})?", fullmatch=True) | _TEXT


def _column(texts: list[str | None]) -> pl.Series:
    return pl.Series("text", texts, dtype=pl.String)


@given(st.lists(_ANY, max_size=6), st.sampled_from([3, 140]))
def test_cleaned(texts: list[str | None], limit: int) -> None:
    assert bank_columns.cleaned(_column(texts), limit).to_list() == [clean(text, limit) for text in texts]


@given(st.lists(_REFERENCES, max_size=6))
def test_references(texts: list[str | None]) -> None:
    assert bank_columns.references(_column(texts)).to_list() == [reference(text) for text in texts]


@given(st.lists(_ANY, max_size=6))
def test_accounts(texts: list[str | None]) -> None:
    expected = [None if text is None else normal_account(text)[:64] or None for text in texts]
    assert bank_columns.accounts(_column(texts)).to_list() == expected


@given(st.lists(_DAYS | _ANY, max_size=6))
def test_day(texts: list[str | None]) -> None:
    def slow(text: str | None) -> date | None:
        try:
            return date.fromisoformat(text[:10]) if text and text[4:5] == text[7:8] == "-" else None
        except ValueError:
            return None

    found = _column(texts).to_frame().select(bank_columns.day("text"))
    assert found.to_series().to_list() == [slow(text) for text in texts]


@given(st.lists(st.tuples(_NUMBERS, st.sampled_from(["EUR", "JPY", "BHD", "CLF", "XXQ", None])), max_size=6))
def test_minor_units_are_exact_or_null(rows: list[tuple[str, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"amount": pl.String, "currency": pl.String}, orient="row")
    found = frame.select(bank_columns.minor_units("amount", "currency")).to_series()
    for (text, currency), minor in zip(rows, found, strict=True):
        if minor is not None:
            assert minor == to_minor(plain_amount(text), str(currency))


def test_plain_amounts_have_minor_units() -> None:
    rows = [("1234.50", "EUR", 123450), ("-7", "JPY", -7), ("0.00", "EUR", 0), ("99999999999.99", "EUR", 9999999999999)]
    frame = pl.DataFrame(rows, schema=["amount", "currency", "minor"], orient="row")
    assert frame.select(bank_columns.minor_units("amount", "currency")).to_series().to_list() == [r[2] for r in rows]


def test_too_fine_an_amount_is_left_to_the_slow_way() -> None:
    frame = pl.DataFrame({"amount": ["0.001", "0.5"], "currency": ["EUR", "JPY"]})
    assert frame.select(bank_columns.minor_units("amount", "currency")).to_series().to_list() == [None, None]
    assert Decimal("0.001") == plain_amount("0.001")
