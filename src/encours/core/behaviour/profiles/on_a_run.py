"""Pays on a run: on one weekday, or about the same days of each month."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, percent

_NAMES = {1: "Mondays", 2: "Tuesdays", 3: "Wednesdays", 4: "Thursdays", 5: "Fridays", 6: "Saturdays", 7: "Sundays"}


def _holds(as_of: date) -> pl.Expr:
    return pl.col("run_weekday").is_not_null() | pl.col("run_month_days").is_not_null()


def _sentence() -> pl.Expr:
    named = pl.col("run_month_days").cast(pl.List(pl.String)).list.join(", ")
    monthly = pl.format("{} % of the payment days lie about the {} of the month.", percent("run_share"), named)
    weekday = pl.col("run_weekday").replace_strict(_NAMES, default=None, return_dtype=pl.String)
    weekly = pl.format("{} % of the payment days are {}.", percent("run_share"), weekday)
    return pl.when(pl.col("run_month_days").is_not_null()).then(monthly).otherwise(weekly)


PROFILE = Profile("on_a_run", 25, _holds, _sentence)
