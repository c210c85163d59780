"""A promise to pay: as likely to be kept as this book's promises were, within three days of its date."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing, shrunk

#: A promise counts as kept up to so many days after its date; usually two in three are.
_GRACE, _USUAL = 3, 0.65


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    made = known.promises.filter(pl.col("item_id").is_not_null() & (pl.col("made_on") <= as_of))
    if made.is_empty():
        return nothing()
    rows = made.join(history.select("item_id", "paid_on", "open", "due_on"), on="item_id", suffix="_item")
    past = rows.filter(pl.col("due_on") + timedelta(days=_GRACE) < as_of)
    kept = past.filter(pl.col("paid_on") <= pl.col("due_on") + timedelta(days=_GRACE))
    chance = shrunk(kept.height, past.height, _USUAL)
    waits = rows.filter((pl.col("open") > 0) & (pl.col("due_on") + timedelta(days=_GRACE) > as_of))
    last = waits.sort("made_on", maintain_order=True).unique("item_id", keep="last", maintain_order=True)
    soonest = pl.lit(as_of + timedelta(days=1))
    return last.select(
        "item_id",
        kept=pl.lit(chance),
        early_on=pl.max_horizontal(pl.col("due_on") - timedelta(days=1), soonest),
        late_on=pl.max_horizontal(pl.col("due_on") + timedelta(days=_GRACE), soonest),
        until_on=pl.col("due_on"),
        measured=pl.lit(past.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift("promise", 20, "Payment is promised; promises of this book are kept as often as shown.", _find)
