"""Several currencies as one, at the day's rate (units of the currency for 1 EUR); each stays on its own beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.money import exponent, is_currency


@dataclass(frozen=True)
class Consolidated:
    """Rows in one currency; None where a rate is missing, with `reason` naming every currency without one.

    `rates` are the rates that were used: currency, on, rate.
    """

    frame: pl.DataFrame | None
    currency: str
    rates: pl.DataFrame
    reason: str | None = None


def rates_on(rates: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """currency, on, rate: the last rate of each currency up to the day; the euro's is 1."""
    known = rates.filter((pl.col("on") <= as_of) & (pl.col("rate") > 0) & (pl.col("currency") != "EUR"))
    last = known.sort("on", maintain_order=True).unique("currency", keep="last", maintain_order=True)
    euro = pl.DataFrame({"currency": ["EUR"], "on": [as_of], "rate": [1.0]})
    return pl.concat([euro, last.select("currency", "on", "rate")])


def consolidate(
    frame: pl.DataFrame, amounts: list[str], rates: pl.DataFrame, as_of: date, currency: str = "EUR"
) -> Consolidated:
    """The frame with its `amounts` (minor units of `currency`) in one currency, row by row, halves to even.

    Never partial: where a row's currency (or the target) has no rate up to the day there is no frame but a reason.
    """
    used = rates_on(rates, as_of)
    wanted = sorted({*frame["currency"].drop_nulls().unique(), currency})
    known = dict(used.select("currency", "rate").iter_rows())
    missing = [code for code in wanted if code not in known or not is_currency(code)]
    shown = used.filter(pl.col("currency").is_in(wanted))
    if missing:
        return Consolidated(None, currency, shown, f"No rate up to {as_of} for {', '.join(missing)}.")
    factors = {code: known[currency] / known[code] * 10.0 ** (exponent(currency) - exponent(code)) for code in wanted}
    factor = pl.col("currency").replace_strict(factors, return_dtype=pl.Float64)
    converted = [
        (pl.col(name) * factor).round(0, mode="half_to_even").cast(pl.Int64).alias(name)
        if name in amounts
        else pl.col(name)
        for name in frame.columns
    ]
    return Consolidated(frame.select(converted).with_columns(currency=pl.lit(currency)), currency, shown)
