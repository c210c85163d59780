"""A payment history as parallel arrays, sorted by payer and the day each item was seen, for compiled functions."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.behaviour.grid import NEVER, Bools, Float32, Int32, Int64
from encours.core.behaviour.history import AUTOMATIC, DECIDED, INTERVAL, TELLING

#: Closings that count as a payment of the item: what a customer decided, what we drew, what snapshots enclose.
_PAID = (DECIDED, AUTOMATIC, INTERVAL)


class Panel(NamedTuple):
    """One entry an item. Days are days since 1970; `first[p]` is where payer p's items begin.

    `end`: the day it was paid or left without a payment (NEVER: open); `told`: the day that was known. `paid`: whether
    `end` is a payment. `counts`: whether the item tells of a habit; `exact`: whether `end` is a day, and not the middle
    of two snapshots, which tells of no weekday. `log_amount`: natural logarithm of minor units.
    `row`: its place in the history frame. `drawn`: direct debits and drafts; they stand under a payer of their own.
    """

    first: Int64
    payer: Int32
    entity: Int32
    segment: Int32
    row: Int64
    seen: Int32
    due: Int32
    end: Int32
    told: Int32
    paid: Bools
    counts: Bools
    exact: Bools
    drawn: Bools
    term: Int32
    log_amount: Float32


def panel(history: pl.DataFrame) -> Panel:
    """The arrays of a history (HISTORY_SCHEMA). A payer's drawn items stand under a payer code of their own."""
    ended = pl.coalesce("paid_on", "left_on").to_physical()
    rows = history.with_row_index("row").select(
        "row",
        "item_id",
        payer=pl.concat_str("payer_id", pl.when("drawn").then(pl.lit("\x00")).otherwise(pl.lit(""))).rank("dense") - 1,
        entity=pl.col("entity_id").rank("dense") - 1,
        segment=pl.col("segment").fill_null("").rank("dense") - 1,
        seen=pl.col("seen_on").to_physical(),
        due=pl.col("due_on").to_physical(),
        end=ended.fill_null(NEVER),
        told=pl.max_horizontal(pl.col("told_on").to_physical(), ended).fill_null(NEVER),
        paid=pl.col("ending").is_in(_PAID),
        counts=pl.col("kind").is_in(TELLING),
        exact=pl.col("ending") != INTERVAL,
        drawn="drawn",
        term=(pl.col("due_on") - pl.col("issued_on")).dt.total_days(),
        log_amount=pl.col("amount").cast(pl.Float64).log().cast(pl.Float32),
    )
    rows = rows.sort("payer", "seen", "item_id")  # the order of a file may tell of later days
    payer = _whole(rows["payer"])
    count = int(payer[-1]) + 1 if rows.height else 0
    return Panel(
        first=np.searchsorted(payer, np.arange(count + 1)).astype(np.int64),
        payer=payer,
        entity=_whole(rows["entity"]),
        segment=_whole(rows["segment"]),
        row=np.array(rows["row"].to_numpy(), dtype=np.int64),
        seen=_whole(rows["seen"]),
        due=_whole(rows["due"]),
        end=_whole(rows["end"]),
        told=_whole(rows["told"]),
        paid=_marks(rows["paid"]),
        counts=_marks(rows["counts"]),
        exact=_marks(rows["exact"]),
        drawn=_marks(rows["drawn"]),
        term=_whole(rows["term"]),
        log_amount=np.array(rows["log_amount"].to_numpy(), dtype=np.float32),
    )


# Copies: an array that may not be written is another type to compiled functions, which would be compiled again.
def _whole(column: pl.Series) -> Int32:
    return np.array(column.to_numpy(), dtype=np.int32)


def _marks(column: pl.Series) -> Bools:
    return np.array(column.to_numpy(), dtype=np.bool_)


def day_number(day: date) -> int:
    """A date as days since 1970."""
    return (day - date(1970, 1, 1)).days
