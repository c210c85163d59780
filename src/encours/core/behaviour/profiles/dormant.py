"""Dormant: nothing invoiced and nothing paid for half a year."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.behaviour.naming import Profile

#: Days without an invoice or a payment.
_QUIET_DAYS = 180


def _holds(as_of: date) -> pl.Expr:
    quiet = as_of - timedelta(days=_QUIET_DAYS)
    return (pl.col("last_seen_on") < quiet) & (pl.col("last_paid_on") < quiet).fill_null(True)


def _sentence() -> pl.Expr:
    return pl.format("The last invoice was seen on {}: nothing has moved since.", "last_seen_on")


PROFILE = Profile("dormant", 5, _holds, _sentence)
