"""An open dispute: nothing is paid before it is settled, which takes as long as this book's disputes took."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing

#: Days that a dispute usually lasts, and how many cases that counts for.
_USUAL_DAYS, _WEIGHT = 37, 10
#: One that lasts longer than usual may end any day: it is given two more weeks.
_MORE_DAYS = 14


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    waits = known.disputes.filter(pl.col("closed_on").is_null() & (pl.col("opened_on") <= as_of))
    if waits.is_empty():
        return nothing()
    lasted = known.disputes.drop_nulls("closed_on").select((pl.col("closed_on") - pl.col("opened_on")).dt.total_days())
    days = lasted.to_series().to_list() + [_USUAL_DAYS] * _WEIGHT
    usual = round(sum(days) / len(days))
    first = waits.group_by("item_id").agg(pl.col("opened_on").max())
    until = pl.max_horizontal(pl.col("opened_on") + timedelta(days=usual), pl.lit(as_of + timedelta(days=_MORE_DAYS)))
    return first.select(
        "item_id", kept=pl.lit(0.0), early_on=until, late_on=until, until_on=until,
        measured=pl.lit(lasted.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name  # fmt: skip


SHIFT = Shift("dispute", 30, "It is disputed: nothing is expected before that is settled.", _find)
