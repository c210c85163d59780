"""Usually prompt: half of the payments are on time, the others not far behind."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days, days_before, is_early

#: Days of the median, and days by which nine in ten have come.
_MEDIAN_DAYS, _P90_DAYS = 3.0, 15.0


def _holds(as_of: date) -> pl.Expr:
    return (pl.col("delay_median") <= _MEDIAN_DAYS) & (pl.col("delay_p90") <= _P90_DAYS)


def _sentence() -> pl.Expr:
    early = pl.format(
        "Half of the payments come {} days before the due date or earlier, nine in ten by {} days after it.",
        days_before("delay_median"), days("delay_p90"),
    )  # fmt: skip
    late = pl.format(
        "Half of the payments come by {} days after the due date, nine in ten by {}.",
        days("delay_median"), days("delay_p90"),
    )  # fmt: skip
    return pl.when(is_early("delay_median")).then(early).otherwise(late)


PROFILE = Profile("usually_prompt", 50, _holds, _sentence)
