"""An open dispute: what is disputed is not paid before it is settled, which takes as long as this book's disputes took.

A dispute about a part of an item holds that part; the rest is paid as its payer usually pays.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing, part_of_open

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
    rows = waits.join(history.select("item_id", "open"), on="item_id", how="inner", maintain_order="left")
    rows = rows.sort("opened_on", "dispute_id", descending=[True, False])  # the newest holds longest
    until = pl.max_horizontal(pl.col("opened_on") + timedelta(days=usual), pl.lit(as_of + timedelta(days=_MORE_DAYS)))
    return rows.select(
        "item_id", share=part_of_open("amount"), kept=pl.lit(0.0), early_on=until, late_on=until, until_on=until,
        measured=pl.lit(lasted.height, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name  # fmt: skip


SHIFT = Shift(
    "dispute",
    30,
    "It is disputed: what is disputed is not expected before that is settled; disputes of this book settled so far: "
    "{measured}.",
    _find,
)
