"""The customer's platform says that payment is on its way (e-invoice status 211): there within a week, as often as this
book's payments were.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.einvoices import SENT
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing, shrunk

#: Chance that the money is usually there within so many days of the status.
_USUAL, _DAYS = 0.9, 7


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    told = known.events.filter(kind=SENT).group_by(item_id="subject_id").agg(pl.col("on").max())
    soon = pl.col("on") + timedelta(days=_DAYS)
    waits, past = told.filter(soon > as_of), told.filter(soon <= as_of).join(history, on="item_id")
    if waits.is_empty():
        return nothing()
    chance = shrunk(past.filter(pl.col("paid_on") <= soon).height, past.height, _USUAL)
    return waits.select(
        "item_id",
        share=pl.lit(1.0),
        kept=pl.lit(chance),
        early_on=pl.lit(as_of + timedelta(days=1)),
        late_on=pl.max_horizontal(soon, pl.lit(as_of + timedelta(days=1))),
        until_on=pl.lit(as_of),
        measured=pl.lit(past.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift(
    "payment_sent",
    10,
    "The customer's platform says the payment is on its way: with {kept} % it is there a week after that; such cases "
    "of this book so far: {measured}.",
    _find,
)
