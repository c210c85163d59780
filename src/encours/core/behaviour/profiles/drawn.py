"""Drawn: the money is drawn by direct debit or draft, so that no delay is the customer's."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile
from encours.core.behaviour.profiles.new import FEW


def _holds(as_of: date) -> pl.Expr:
    beside_few = (pl.col("payments") < FEW) & (pl.col("drawn") >= FEW)
    return (pl.col("drawn") > 3 * pl.col("payments")) | beside_few


def _sentence() -> pl.Expr:
    return pl.format("{} invoices were drawn by direct debit or draft, {} came back unpaid.", "drawn", "returned")


PROFILE = Profile("drawn", 15, _holds, _sentence)
