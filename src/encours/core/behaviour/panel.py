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
    """One entry an item, and of an item whose first payment left something open a second one: its rest. Days are days
    since 1970; `first[p]` is where payer p's items begin.

    `end`: the day it was paid or left without a payment (NEVER: open); `told`: the day that was known. `paid`: whether
    `end` is a payment. `counts`: whether the item tells of a habit; `exact`: whether `end` is a day, and not the middle
    of two snapshots, which tells of no weekday. `log_amount`: natural logarithm of minor units.
    `row`: its place in the history frame. `drawn`: direct debits and drafts; they stand under a payer of their own.
    Of an item paid in parts `end` and `told` are those of the first payment. `rest`: the entry is what that payment
    left, `seen` on the day it was known; it tells of no habit. `left`: the share of the item that its first payment
    left (0: none), on both entries.
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
    rest: Bools
    left: Float32
    term: Int32
    log_amount: Float32


def panel(history: pl.DataFrame) -> Panel:
    """The arrays of a history (HISTORY_SCHEMA). A payer's drawn items stand under a payer code of their own."""
    rows = history.with_row_index("row").select(
        "row",
        "item_id",
        "part_on",
        "part_told_on",
        payer=pl.concat_str("payer_id", pl.when("drawn").then(pl.lit("\x00")).otherwise(pl.lit(""))).rank("dense") - 1,
        entity=pl.col("entity_id").rank("dense") - 1,
        segment=pl.col("segment").fill_null("").rank("dense") - 1,
        seen="seen_on",
        due=pl.col("due_on").to_physical(),
        end=pl.coalesce("paid_on", "left_on"),
        told=pl.max_horizontal("told_on", "paid_on", "left_on"),
        paid=pl.col("ending").is_in(_PAID),
        counts=pl.col("kind").is_in(TELLING),
        exact=pl.col("ending") != INTERVAL,
        drawn="drawn",
        rest=pl.lit(False),
        left=(pl.col("rest") / pl.col("amount")).fill_null(0.0),
        term=(pl.col("due_on") - pl.col("issued_on")).dt.total_days(),
        log_amount=pl.col("amount").cast(pl.Float64).log().cast(pl.Float32),
    )
    rows = _with_rests(rows).with_columns(pl.col("seen", "end", "told").to_physical())
    rows = rows.with_columns(pl.col("end", "told").fill_null(NEVER))
    rows = rows.sort("payer", "seen", "item_id", "rest")  # the order of a file may tell of later days
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
        rest=_marks(rows["rest"]),
        left=np.array(rows["left"].to_numpy(), dtype=np.float32),
        term=_whole(rows["term"]),
        log_amount=np.array(rows["log_amount"].to_numpy(), dtype=np.float32),
    )


def _with_rests(rows: pl.DataFrame) -> pl.DataFrame:
    """The items paid in parts as two entries: until the first payment, and what it left from the day that was known."""
    parted = pl.col("part_on").is_not_null()
    known = pl.max_horizontal("part_told_on", "part_on")
    paid = pl.col("paid") & (pl.col("end") > pl.col("part_on"))
    rests = rows.filter(parted).with_columns(
        seen=pl.max_horizontal("seen", known),
        # What was left and then credited is known by its last day only.
        end=pl.when(paid | ~pl.col("paid")).then("end").otherwise("told"),
        paid=paid,
        counts=pl.lit(False),
        rest=pl.lit(True),
        log_amount=pl.col("log_amount") + pl.col("left").log().cast(pl.Float32),
    )
    whole = rows.with_columns(
        end=pl.coalesce("part_on", "end"),
        told=pl.when(parted).then(known).otherwise("told"),
        paid=parted | pl.col("paid"),
        exact=parted | pl.col("exact"),
    )
    return pl.concat([whole, rests])


# Copies: an array that may not be written is another type to compiled functions, which would be compiled again.
def _whole(column: pl.Series) -> Int32:
    return np.array(column.to_numpy(), dtype=np.int32)


def _marks(column: pl.Series) -> Bools:
    return np.array(column.to_numpy(), dtype=np.bool_)


def day_number(day: date) -> int:
    """A date as days since 1970."""
    return (day - date(1970, 1, 1)).days
