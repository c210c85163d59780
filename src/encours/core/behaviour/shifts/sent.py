"""The customer's platform says that payment is on its way (e-invoice status 211): there within a week."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing

_SENT = "einvoice:211"
#: Chance that the money is there within so many days of the status.
_USUAL, _DAYS = 0.9, 7


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    told = known.events.filter((pl.col("kind") == _SENT) & (pl.col("on") > as_of - timedelta(days=_DAYS)))
    if told.is_empty():
        return nothing()
    last = told.group_by(item_id="subject_id").agg(pl.col("on").max())
    return last.select(
        "item_id",
        share=pl.lit(1.0),
        kept=pl.lit(_USUAL),
        early_on=pl.lit(as_of + timedelta(days=1)),
        late_on=pl.max_horizontal(pl.col("on") + timedelta(days=_DAYS), pl.lit(as_of + timedelta(days=1))),
        until_on=pl.lit(as_of),
        measured=pl.lit(0, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift("payment_sent", 10, "The customer's platform says the payment is on its way.", _find)
