"""Late items judged by their payer's habit, not by their age: leave alone until a day, or look at it now."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from encours.core.behaviour.curves import left_at
from encours.core.behaviour.grid import NEVER, Float64
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.predict import Predictions
from encours.core.behaviour.shifts.probably_paid import SHIFT as PROBABLY_PAID

#: Payments from which a payer's own P90 is a habit.
HABIT_PAYMENTS = 10
#: An item ends abnormally if it is paid more than so many days beyond its payer's own P90.
ABNORMAL_DAYS = 7
#: More likely abnormal than this, an item is not left alone, wherever its payer's P90 lies.
_LIKELY = 0.25
LEAVE_ALONE, PASSED, WATCH = "leave_alone", "p90_passed", "watch"

#: Payments spread over more days than a month's run explains (P10 to P90) are no habit that anybody can wait for.
_WIDE_DAYS = 30

#: One row a late item of a payer with a habit. `own_p90`: days after the due date by which nine in ten of its payer's
#: last payments came. `kind`: leave_alone until `until_on`; p90_passed; watch (inside, but likely to end abnormally,
#: under a deadline, or of a payer whose payments are spread widely or that is on alert; or money that fits it waits to
#: be applied). `p_abnormal`: chance of ending more than a week beyond own_p90.
FLAG_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "customer_id": pl.String(),
    "payer_id": pl.String(),
    "currency": pl.String(),
    "open": pl.Int64(),
    "due_on": pl.Date(),
    "days_late": pl.Int64(),
    "own_p90": pl.Int64(),
    "kind": pl.String(),
    "until_on": pl.Date(),
    "p_abnormal": pl.Float64(),
    "late_cost": pl.Int64(),
    "sentence": pl.String(),
}


def flags(found: Predictions, figures: pl.DataFrame, deadlines: pl.DataFrame | None = None) -> pl.DataFrame:
    """FLAG_SCHEMA: the late items of payers with HABIT_PAYMENTS payments or more.

    `figures`: see `figures.payer_figures`. `deadlines` (item_id, deadline_on): limitation, insurer's or factor's days
    that no waiting may pass: an item is left alone until the day before at the latest.
    """
    rows = found.items.with_row_index("_row").filter(pl.col("due_on") < found.as_of)
    habit = figures.filter(pl.col("payments") >= HABIT_PAYMENTS).select(
        "payer_id",
        "late_cost",
        own_p90=pl.col("delay_p90").ceil().cast(pl.Int64),
        _spread=(pl.col("delay_p90") - pl.col("delay_p10")).ceil().cast(pl.Int64),
    )
    rows = rows.join(habit, on="payer_id", how="inner", maintain_order="left")
    rows = _with_deadlines(rows, deadlines)
    rows = rows.with_columns(
        days_late=(found.as_of - pl.col("due_on")).dt.total_days(),
        p_abnormal=pl.Series(_abnormal(found, rows)),
        until_on=pl.min_horizontal(
            pl.col("due_on") + pl.duration(days=pl.col("own_p90")), pl.col("deadline_on") - timedelta(days=1)
        ),
    )
    inside = (pl.col("days_late") <= pl.col("own_p90")) & (pl.col("until_on") >= found.as_of)
    # What the bank has and the books do not have yet may be this payment: nobody is called late before that is over.
    passed = pl.col("days_late") > pl.col("own_p90") + found.lag
    # Never chase someone who has paid: a clerk applies what has come first.
    here = (pl.col("shift") == PROBABLY_PAID.name).fill_null(False)
    kind = (
        pl.when(here).then(pl.lit(WATCH))
        .when(passed).then(pl.lit(PASSED))
        .when(inside & ~_wide() & (pl.col("p_abnormal") <= _LIKELY)).then(pl.lit(LEAVE_ALONE))
        .otherwise(pl.lit(WATCH))
    )  # fmt: skip
    rows = rows.with_columns(kind=kind).with_columns(sentence=_sentence())
    rows = rows.with_columns(until_on=pl.when(pl.col("kind") == LEAVE_ALONE).then("until_on"))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FLAG_SCHEMA.items())


def doubted(flagged: pl.DataFrame, alerted: pl.Series) -> pl.DataFrame:
    """The flags where nobody on alert (`alerted`: payer ids) is left alone: one habit is not believed of them."""
    doubt = (pl.col("kind") == LEAVE_ALONE) & pl.col("payer_id").is_in(alerted.implode())
    said = pl.format("Late by {} days, inside the habit of {}, but its payer is on alert.", "days_late", "own_p90")
    return flagged.with_columns(
        kind=pl.when(doubt).then(pl.lit(WATCH)).otherwise("kind"),
        until_on=pl.when(~doubt).then("until_on"),
        sentence=pl.when(doubt).then(said).otherwise("sentence"),
    )


def _with_deadlines(rows: pl.DataFrame, deadlines: pl.DataFrame | None) -> pl.DataFrame:
    if deadlines is None:
        return rows.with_columns(deadline_on=pl.lit(None, dtype=pl.Date))
    first = deadlines.group_by("item_id").agg(pl.col("deadline_on").min())
    return rows.join(first, on="item_id", how="left", maintain_order="left")


def _abnormal(found: Predictions, rows: pl.DataFrame) -> Float64:
    """The chance that each item is unpaid ABNORMAL_DAYS days beyond its payer's own P90; after that day it is sure."""
    day = np.full(found.items.height, -NEVER, dtype=np.int32)
    limit = rows["due_on"].to_physical().to_numpy() + rows["own_p90"].to_numpy() + ABNORMAL_DAYS
    place = rows["_row"].to_numpy()
    day[place] = limit.astype(np.int32)
    left: Float64 = left_at(found.curves, day)[place]
    over = limit <= day_number(found.as_of)
    sure: Float64 = np.where(over, 1.0, left)
    return sure


def _wide() -> pl.Expr:
    return pl.col("_spread") > _WIDE_DAYS


def _sentence() -> pl.Expr:
    chance = (pl.col("p_abnormal") * 100).round(0).cast(pl.Int64)
    alone = pl.format(
        "Late by {} days, as usual: nine payments in ten come by day {}. Leave it alone until {}.",
        "days_late", "own_p90", "until_on",
    )  # fmt: skip
    passed = pl.format(
        "Late by {} days: nine payments in ten come by day {}. With {} % this one will be over a week later than that.",
        "days_late", "own_p90", chance,
    )  # fmt: skip
    watch = pl.format(
        "Late by {} days, inside the habit of {}, but with {} % over a week later than that, or a deadline is near.",
        "days_late", "own_p90", chance,
    )  # fmt: skip
    wide = pl.format(
        "Late by {} days, inside the habit of {}, but payments spread over {} days: that is no day to wait for.",
        "days_late", "own_p90", "_spread",
    )  # fmt: skip
    inside = (pl.col("p_abnormal") <= _LIKELY) & (pl.col("days_late") <= pl.col("own_p90"))
    here = pl.format("Late by {} days, but money that fits has come and is not applied yet.", "days_late")
    return (
        pl.when((pl.col("shift") == PROBABLY_PAID.name).fill_null(False)).then(here)
        .when(pl.col("kind") == PASSED).then(passed).when(pl.col("kind") == LEAVE_ALONE).then(alone)
        .when(inside & _wide()).then(wide).otherwise(watch)
    )  # fmt: skip
