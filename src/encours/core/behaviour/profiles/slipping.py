"""Slipping: the delay has grown, lately and by more than chance."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.behaviour.naming import Profile, days

#: A change counts as recent for so many days, as one from so many days of delay on, and as sure from this t on.
RECENT_DAYS, LEAST_DAYS, SURE = 180, 4.0, 4.0


def _holds(as_of: date) -> pl.Expr:
    recent = pl.col("changed_on") > as_of - timedelta(days=RECENT_DAYS)
    return recent & (pl.col("changed_days") >= LEAST_DAYS) & (pl.col("change_t") >= SURE)


def _sentence() -> pl.Expr:
    return pl.format("Since {} payments come {} days later than before.", "changed_on", days("changed_days"))


PROFILE = Profile("slipping", 20, _holds, _sentence)
