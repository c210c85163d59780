"""When a customer's next money comes, how much it is, and how sure that is: read off the items' own distributions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from encours.core.behaviour.curves import day_when, left_at
from encours.core.behaviour.grid import Float64, Int32, Int64
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.predict import Predictions
from encours.core.behaviour.shifts.probably_paid import SHIFT as PROBABLY_PAID

#: Days looked ahead: money that is not likelier than not within them is none that can be named.
HORIZON_DAYS = 180
#: Items whose own day lies so few days after the first one's are paid with it: a weekend between.
_TOGETHER = timedelta(days=2)
#: The trial's levels are those of items, of which large customers have most; a line a customer weighs the small ones as
#: much, who are less well known: half-way to the levels themselves.
_LOW, _HIGH = 0.1, 0.9
_KEY = ["customer_id", "currency"]

#: One row a customer and currency with an open item. `p10_on`, `p50_on`, `p90_on`: of the day of the next payment, null
#: where it lies beyond HORIZON_DAYS. `amount`: open amount of the items expected with it (minor units), `items` of
#: them, `first_due_on` and `last_due_on` their due dates.
NEXT_MONEY_SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.String(),
    "currency": pl.String(),
    "p10_on": pl.Date(),
    "p50_on": pl.Date(),
    "p90_on": pl.Date(),
    "amount": pl.Int64(),
    "items": pl.Int64(),
    "first_due_on": pl.Date(),
    "last_due_on": pl.Date(),
}


def next_money(found: Predictions) -> pl.DataFrame:
    """NEXT_MONEY_SCHEMA, by customer and currency.

    Items of one customer that fall due in the same week are paid together or not: none of them has come by a day only
    if not even the likeliest has. Weeks are taken as independent of each other.
    """
    # The middle of its own curve: where no model won, P50 is the payer's median, and of what is late that is tomorrow.
    own_days = day_when(found.curves, np.full(found.items.height, 0.5))
    rows = found.items.with_row_index("_row").with_columns(
        _week=pl.col("due_on").dt.truncate("1w"), _on=pl.Series(own_days).cast(pl.Date)
    )
    here = (pl.col("shift") == PROBABLY_PAID.name).fill_null(False)  # that money has come: it is not the next
    rows = rows.filter(~here).sort(*_KEY, "_week", "_row")
    if not rows.height:
        return pl.DataFrame(schema=NEXT_MONEY_SCHEMA)
    weeks = _starts(rows, [*_KEY, "_week"])
    heads = rows[weeks]
    customers = _starts(heads, _KEY)
    days = _first_days(found, rows["_row"].to_numpy().astype(np.int64), weeks, customers)
    named = ("p10_on", "p50_on", "p90_on")
    first = heads[customers].select(_KEY).with_columns(
        pl.Series(name, one).replace(-1, None).cast(pl.Date) for name, one in zip(named, days, strict=True)
    )  # fmt: skip
    return _amounts(rows, first).select(pl.col(name).cast(dtype) for name, dtype in NEXT_MONEY_SCHEMA.items())


def _starts(rows: pl.DataFrame, keys: list[str]) -> Int64:
    """Where runs of equal keys begin in sorted rows."""
    number = rows.select(pl.struct(keys).rle_id()).to_series().to_numpy()
    return np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]])).astype(np.int64)


def _first_days(found: Predictions, order: Int64, weeks: Int64, customers: Int64) -> tuple[Int32, Int32, Int32]:
    """P10, P50 and P90 of each customer's first payment, in days since 1970; −1 where it is not seen."""
    start, count = day_number(found.as_of), len(found.curves.first) - 1
    trial = found.model.trial
    levels = ((trial.low + _LOW) / 2, 0.5, (trial.high + _HIGH) / 2)
    days = tuple(np.full(len(customers), -1, dtype=np.int32) for _ in levels)
    for ahead in range(1, HORIZON_DAYS + 1):
        left: Float64 = left_at(found.curves, np.full(count, start + ahead, dtype=np.int32))[order]
        none = np.multiply.reduceat(np.minimum.reduceat(left, weeks), customers)
        for level, day in zip(levels, days, strict=True):
            day[(day < 0) & (1.0 - none >= level)] = start + ahead
        if (days[-1] >= 0).all():
            break
    return days[0], days[1], days[2]


def _amounts(rows: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """`first` with what comes that day: the items whose own day is not later, the earliest at the least."""
    beside = rows.join(first, on=_KEY, how="left", maintain_order="left", suffix="_first")
    until = pl.max_horizontal("p50_on_first", pl.col("_on").min().over(_KEY)) + _TOGETHER
    due = beside.filter(pl.col("p50_on_first").is_not_null() & (pl.col("_on") <= until))
    sums = due.group_by(_KEY, maintain_order=True).agg(
        amount=pl.col("open").sum(),
        items=pl.len(),
        first_due_on=pl.col("due_on").min(),
        last_due_on=pl.col("due_on").max(),
    )
    return first.join(sums, on=_KEY, how="left", maintain_order="left")
