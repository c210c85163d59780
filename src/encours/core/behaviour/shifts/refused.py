"""An e-invoice that was refused, rejected, suspended or disputed (`base.einvoices.STOPPED`): paid once it is mended,
which takes as long as this book's took from the status to the payment.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.einvoices import RESUMED, STOPPED
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, last_events, nothing

#: Days that it usually takes, how many cases that counts for, and the least from now on.
_USUAL_DAYS, _WEIGHT, _LEAST = 37, 10, 14


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    told = last_events(known, tuple(STOPPED), RESUMED)
    if told.is_empty():
        return nothing()
    lasted = _lasted(known, history)
    usual = round((lasted.sum() + _WEIGHT * _USUAL_DAYS) / (len(lasted) + _WEIGHT))
    until = pl.max_horizontal(pl.col("on") + timedelta(days=usual), pl.lit(as_of + timedelta(days=_LEAST)))
    return told.select(
        "item_id", share=pl.lit(1.0), kept=pl.lit(0.0), early_on=until, late_on=until, until_on=until,
        measured=pl.lit(len(lasted), dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name  # fmt: skip


def _lasted(known: Book, history: pl.DataFrame) -> pl.Series:
    """Days from the last status that stopped an item to its payment, of those paid since."""
    stops = last_events(known, tuple(STOPPED)).join(history, on="item_id").filter(pl.col("paid_on") >= pl.col("on"))
    return stops.select((pl.col("paid_on") - pl.col("on")).dt.total_days()).to_series()


SHIFT = Shift(
    "refused",
    40,
    "The customer's platform stopped the invoice: nothing is expected before it is mended; invoices of this book that "
    "were mended and paid so far: {measured}.",
    _find,
)
