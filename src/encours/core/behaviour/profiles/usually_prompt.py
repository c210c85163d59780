"""Usually prompt: half of the payments are on time, the others not far behind."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days

#: Days of the median, and days by which nine in ten have come.
_MEDIAN_DAYS, _P90_DAYS = 3.0, 15.0


def _holds(as_of: date) -> pl.Expr:
    return (pl.col("delay_median") <= _MEDIAN_DAYS) & (pl.col("delay_p90") <= _P90_DAYS)


def _sentence() -> pl.Expr:
    return pl.format(
        "Half of the payments come by {} days after the due date, nine in ten by {}.",
        days("delay_median"), days("delay_p90"),
    )  # fmt: skip


PROFILE = Profile("usually_prompt", 50, _holds, _sentence)
