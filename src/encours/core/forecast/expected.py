"""The money expected of each item in each cell, in whole minor units, so that every sum of it is exact.

Rounding rule: what is expected by the end of a cell is cash × chance, rounded half to even; a cell is expected to bring
the difference of two of these, and what is left of the cash is expected later, or never. So the cells of an item add
up to its cash, and the mean of any total is the sum of its items.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.forecast.cells import Float64, Int64
from encours.core.forecast.draws import by_week

#: One row an item and week from which money is expected; `week_start` null: after the last week, or never.
EXPECTED_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "customer_id": pl.String(),
    "week_start": pl.Date(),
    "expected": pl.Int64(),
}


def expected(cash: Int64, paid: Float64) -> Int64:
    """Minor units by item and cell; `paid`: chances by the end of each cell."""
    by_end = np.rint(cash[:, None] * paid).astype(np.int64)
    return np.diff(by_end, axis=1, prepend=np.zeros((len(cash), 1), dtype=np.int64))


def starts(as_of: date, weeks: int) -> list[date]:
    """The first day of each week; the first begins the day after `as_of`."""
    return [as_of + timedelta(days=1 + 7 * week) for week in range(weeks)]


def by_item(items: pl.DataFrame, cells: Int64, weeks: int, as_of: date) -> pl.DataFrame:
    """EXPECTED_SCHEMA: what is not zero, in the order of the items."""
    of_week = by_week(cells, weeks)
    later = items["cash"].to_numpy() - of_week.sum(axis=1)
    money = np.concatenate([of_week, later[:, None]], axis=1)
    item, week = np.nonzero(money)
    days = pl.Series([*starts(as_of, weeks), None], dtype=pl.Date)
    rows = items.select("item_id", "entity_id", "currency", "customer_id")[item]
    rows = rows.with_columns(week_start=days.gather(week), expected=pl.Series(money[item, week]))
    assert rows["expected"].sum() == items["cash"].sum()
    return rows.select(*EXPECTED_SCHEMA)
