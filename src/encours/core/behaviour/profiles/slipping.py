"""Slipping: the delay has grown, lately and by more than chance."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days
from encours.core.behaviour.slip import slips


def _holds(as_of: date) -> pl.Expr:
    return slips(early=False)


def _sentence() -> pl.Expr:
    return pl.format("Since {} payments come {} days later than before.", "slip_since", days("slip_days"))


PROFILE = Profile("slipping", 20, _holds, _sentence)
