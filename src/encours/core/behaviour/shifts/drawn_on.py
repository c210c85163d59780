"""A direct debit or draft that is at the bank: paid on its date, unless it comes back as often as this book's did."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing, part_of_open, shrunk

_WAITS = ("accepted", "presented", "discounted")
#: Share that is paid, days that the bank takes, and days until what came back is paid otherwise.
_USUAL, _BANK_DAYS, _AGAIN_DAYS = 0.97, 2, 10


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    drawn = known.instruments.filter(pl.col("kind").is_in(["lcr", "bor", "direct_debit"]))
    waits = drawn.filter(pl.col("state").is_in(_WAITS) & (pl.col("due_on") + timedelta(days=_BANK_DAYS) > as_of))
    if waits.is_empty():
        return nothing()
    ended = drawn.filter(pl.col("state").is_in(["paid", "unpaid"]))
    chance = shrunk(ended.filter(state="paid").height, ended.height, _USUAL)
    covered = known.instrument_items.select("instrument_id", "item_id", covered="amount")
    rows = covered.join(waits, on="instrument_id").join(history.select("item_id", "open"), on="item_id")
    last = rows.sort("due_on", "instrument_id", descending=[True, False])
    soonest = pl.lit(as_of + timedelta(days=1))
    return last.select(
        "item_id",
        share=part_of_open("covered"),
        kept=pl.lit(chance),
        early_on=pl.max_horizontal("due_on", soonest),
        late_on=pl.max_horizontal(pl.col("due_on") + timedelta(days=_BANK_DAYS), soonest),
        until_on=pl.col("due_on") + timedelta(days=_AGAIN_DAYS),
        measured=pl.lit(ended.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift(
    "drawn_on",
    5,
    "A direct debit or draft is at the bank for it: with {kept} % it is paid; those of this book that fell due so far: "
    "{measured}.",
    _find,
)
