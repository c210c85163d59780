"""The chance of payment in each week, out of kept distributions."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl


def by_week(spread: pl.DataFrame, as_of: date, count: int) -> pl.DataFrame:
    """item_id, week_1 … week_`count`: the chance (0 … 1) of payment in each week; the first begins the day after
    `as_of`. `spread`: see `Predictions.distribution`."""
    start = pl.col("from_on")
    end = start + pl.duration(days="days")
    weeks = []
    for place in range(count):
        first = as_of + timedelta(days=1 + 7 * place)
        begins = pl.max_horizontal(start, pl.lit(first))
        ends = pl.min_horizontal(end, pl.lit(first + timedelta(days=7)))
        shared = (ends - begins).dt.total_days().clip(0, None) / pl.col("days")
        weeks.append((shared * pl.col("p")).sum().alias(f"week_{place + 1}"))
    return spread.group_by("item_id", maintain_order=True).agg(weeks)
