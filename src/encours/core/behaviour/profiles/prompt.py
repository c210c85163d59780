"""Prompt: nine payments in ten come within three days of the due date."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days, days_before, is_early

#: Days after the due date that weekends and bank days explain.
PROMPT_DAYS = 3.0


def _holds(as_of: date) -> pl.Expr:
    return pl.col("delay_p90") <= PROMPT_DAYS


def _sentence() -> pl.Expr:
    early = pl.format("Nine payments in ten come {} days before the due date or earlier.", days_before("delay_p90"))
    late = pl.format("Nine payments in ten come by {} days after the due date.", days("delay_p90"))
    return pl.when(is_early("delay_p90")).then(early).otherwise(late)


PROFILE = Profile("prompt", 30, _holds, _sentence)
