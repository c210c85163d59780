"""What a named profile is: a condition on a payer's figures, and a sentence that says them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True)
class Profile:
    """`holds(as_of)` is a condition on the columns of `figures.payer_figures`, `sentence()` says the figures."""

    name: str
    rank: int
    holds: Callable[[date], pl.Expr]
    sentence: Callable[[], pl.Expr]


def days(column: str) -> pl.Expr:
    """A figure in whole days, as a text."""
    return pl.col(column).round(0).cast(pl.Int64).cast(pl.String)


def days_before(column: str) -> pl.Expr:
    """A negative figure in whole days, as a text without its sign."""
    return (-pl.col(column).round(0)).cast(pl.Int64).cast(pl.String)


def is_early(column: str) -> pl.Expr:
    """Whether a figure in whole days is before the due date."""
    return pl.col(column).round(0) < 0


def percent(column: str) -> pl.Expr:
    """A share in whole per cent, as a text."""
    return (pl.col(column) * 100).round(0).cast(pl.Int64).cast(pl.String)
