"""Late but reliable: nearly always late, and nearly always by the same days."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days, percent

#: Share of late payments, days of the median delay, and days between the earliest and the latest tenth.
_LATE, _LEAST_DAYS, _SPREAD_DAYS = 0.7, 3.0, 14.0


def _holds(as_of: date) -> pl.Expr:
    late = (pl.col("share_late") >= _LATE) & (pl.col("delay_median") >= _LEAST_DAYS)
    return late & (pl.col("spread") <= _SPREAD_DAYS)


def _sentence() -> pl.Expr:
    return pl.format(
        "{} % of the payments are late, usually by {} days and nine times in ten by at most {}.",
        percent("share_late"), days("delay_median"), days("delay_p90"),
    )  # fmt: skip


PROFILE = Profile("late_reliable", 35, _holds, _sentence)
