"""Prompt: nine payments in ten come within three days of the due date."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days

#: Days after the due date that weekends and bank days explain.
PROMPT_DAYS = 3.0


def _holds(as_of: date) -> pl.Expr:
    return pl.col("delay_p90") <= PROMPT_DAYS


def _sentence() -> pl.Expr:
    return pl.format("Nine payments in ten come by {} days after the due date.", days("delay_p90"))


PROFILE = Profile("prompt", 30, _holds, _sentence)
