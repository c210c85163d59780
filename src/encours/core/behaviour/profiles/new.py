"""New: too few payments to speak of a habit."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile

#: Payments from which a habit shows.
FEW = 5


def _holds(as_of: date) -> pl.Expr:
    # What we draw tells of no habit: it names the payer only where there is enough of it to be the usual way.
    mostly_drawn = (pl.col("drawn") >= FEW) | (pl.col("drawn") > 3 * pl.col("payments"))
    few = pl.col("payments") + pl.col("drawn") < FEW
    return few | ((pl.col("payments") < FEW) & ~mostly_drawn)


def _sentence() -> pl.Expr:
    return pl.format("Only {} payments are known: too few to speak of a habit.", "payments")


PROFILE = Profile("new", 10, _holds, _sentence)
