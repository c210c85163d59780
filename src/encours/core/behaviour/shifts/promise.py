"""A promise to pay: as likely to be kept as this book's promises were, within three days of its date."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.promised import GRACE_DAYS, judged_promises
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing, part_of_open, shrunk

#: Usually two promises in three are kept.
_USUAL = 0.65


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rows = judged_promises(known, history, as_of)
    if rows.is_empty():
        return nothing()
    past = rows.filter("past")
    chance = shrunk(past.filter("kept").height, past.height, _USUAL)
    # The last word about an item comes first; instalments were agreed together and follow each other.
    soon_enough = pl.col("due_on") + timedelta(days=GRACE_DAYS) > as_of
    waits = rows.filter(soon_enough & ~pl.col("kept") & (pl.col("left") > 0)).sort(
        "made_on", "due_on", "promise_id", descending=[True, False, False]
    )
    soonest = pl.lit(as_of + timedelta(days=1))
    return waits.select(
        "item_id",
        share=part_of_open("left"),
        kept=pl.lit(chance),
        early_on=pl.max_horizontal(pl.col("due_on") - timedelta(days=1), soonest),
        late_on=pl.max_horizontal(pl.col("due_on") + timedelta(days=GRACE_DAYS), soonest),
        until_on=pl.col("due_on"),
        measured=pl.lit(past.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift(
    "promise",
    20,
    "Payment is promised: with {kept} % it comes by its date; promises of this book that fell due so far: {measured}.",
    _find,
)
