"""New: too few payments to speak of a habit."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile

#: Payments from which a habit shows.
FEW = 5


def _holds(as_of: date) -> pl.Expr:
    return pl.col("payments") + pl.col("drawn") < FEW


def _sentence() -> pl.Expr:
    return pl.format("Only {} payments are known: too few to speak of a habit.", "payments")


PROFILE = Profile("new", 10, _holds, _sentence)
