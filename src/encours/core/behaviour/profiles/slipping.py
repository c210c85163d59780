"""Slipping: the delay has grown, lately and by more than chance."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.behaviour.naming import Profile, days

#: A change counts as recent for so many days, as one from so many days of delay on, and as sure from this t on.
RECENT_DAYS, LEAST_DAYS, SURE = 180, 4.0, 4.0


def _holds(as_of: date) -> pl.Expr:
    recent = pl.col("changed_on") > as_of - timedelta(days=RECENT_DAYS)
    return (recent & _sudden()) | _creeps()


def _sudden() -> pl.Expr:
    return (pl.col("changed_days") >= LEAST_DAYS) & (pl.col("change_t") >= SURE)


def _creeps() -> pl.Expr:
    """No day of change, but three months that are clearly later than all that was before."""
    return (pl.col("trend_days") >= LEAST_DAYS) & (pl.col("trend_days") >= pl.col("spread") / 3)


def _sentence() -> pl.Expr:
    sudden = pl.format("Since {} payments come {} days later than before.", "changed_on", days("changed_days"))
    slow = pl.format("Payments of the last three months come {} days later than those before.", days("trend_days"))
    return pl.when(_sudden()).then(sudden).otherwise(slow)


PROFILE = Profile("slipping", 20, _holds, _sentence)
