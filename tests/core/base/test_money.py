"""Money: exact minor units of every ISO 4217 exponent, and the ways people print amounts."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base import money


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1.234", "1.234"),
        ("12-", "-12"),
        ("+3", "3"),
        ("3+", "3"),
        ("(12,50)", "-12.50"),
        ("-0,01", "-0.01"),
        (",5", "0.5"),
    ],
)
def test_printed_amounts(text: str, value: str) -> None:
    assert money.parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-", "12,5,", "1e5", "NaN", "12 EUR", "--1", "1.2.3,4,5", "١٢"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(money.AmountError):
        money.parse_decimal(text)


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 1_200), ("JPY", 12), ("BHD", 12_000), ("CLF", 120_000)])
def test_exponents(currency: str, minor: int) -> None:
    assert money.to_minor("12", currency) == minor
    assert money.to_decimal(minor, currency) == Decimal(12)
    frame = pl.DataFrame({"c": [currency, "XXX"]})
    assert frame.select(10 ** money.exponent_expr(pl.col("c"))).to_series().to_list() == [minor // 12, None]


def test_finer_than_the_currency_or_too_large_is_no_amount() -> None:
    assert money.to_minor("5442.09000", "EUR") == 544_209
    for text, currency in (("0.001", "EUR"), ("1.5", "JPY"), ("1" * 20, "EUR")):
        with pytest.raises(money.AmountError):
            money.to_minor(text, currency)
    with pytest.raises(money.UnknownCurrencyError):
        money.to_minor("1", "FRF")
    assert money.is_currency("EUR")
    assert not money.is_currency(None)


@pytest.mark.parametrize(
    ("value", "minor"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("-1.5", -2), ("1.51", 2)]
)
def test_halves_go_to_even(value: str, minor: int) -> None:
    assert money.round_half_even(Decimal(value)) == minor


@given(minor=st.integers(-(2**63) + 1, 2**63 - 1), currency=st.sampled_from(["EUR", "JPY", "BHD"]))
def test_minor_units_go_there_and_back(minor: int, currency: str) -> None:
    value = money.to_decimal(minor, currency)
    assert money.to_minor(value, currency) == minor
    assert money.to_minor(f"{value:f}", currency) == minor


@given(
    minor=st.integers(-(10**17), 10**17),
    scale=st.sampled_from([0, 2, 3]),
    mark=st.sampled_from([".", ","]),
    trailing=st.booleans(),
    zeros=st.integers(0, 3),
)
def test_columns_of_text_are_exact(minor: int, scale: int, mark: str, trailing: bool, zeros: int) -> None:
    digits = f"{abs(minor):0{scale + 1}d}"
    text = digits if not scale else digits[:-scale] + mark + digits[-scale:] + "0" * zeros
    sign = "-" if minor < 0 else ""
    text = text + sign if trailing else sign + text
    found = pl.DataFrame({"t": [text]}).select(money.decimal_text_to_minor(pl.col("t"), scale)).item()
    assert found == minor


def test_columns_of_text_that_are_not_exact_are_null() -> None:
    texts = pl.DataFrame({"t": ["1,234", "a", "", "-", ".", "1 234,50", "12.345", None, "9" * 25]})
    found = texts.select(money.decimal_text_to_minor(pl.col("t"), 2)).to_series().to_list()
    assert found == [None, None, None, None, None, 123450, None, None, None]


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123456, "EUR", "1234.56 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (500, "XPF", "500 XPF"),
        (-1001, "BHD", "-1.001 BHD"),
        (0, "UYW", "0.0000 UYW"),
        (7, "ZZZ", "0.07 ZZZ"),
    ],
)
def test_amounts_are_said_with_their_currencys_decimals(minor: int, currency: str, text: str) -> None:
    rows = pl.DataFrame({"minor": [minor], "currency": [currency]})
    assert rows.select(money.money_text(pl.col("minor"), pl.col("currency"))).item() == text
    assert rows.select(money.money_text(pl.col("minor"), pl.lit(currency))).item() == text
