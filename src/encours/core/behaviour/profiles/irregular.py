"""Irregular: what no other profile describes; its payments are spread widely."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.naming import Profile, days, days_before, is_early


def _holds(as_of: date) -> pl.Expr:
    return pl.lit(True)


def _sentence() -> pl.Expr:
    early = pl.format(
        "Payments are spread widely: one in ten comes over {} days before the due date, one in ten after day {}.",
        days_before("delay_p10"), days("delay_p90"),
    )  # fmt: skip
    late = pl.format(
        "Payments are spread widely: one in ten comes before day {} after the due date, one in ten after day {}.",
        days("delay_p10"), days("delay_p90"),
    )  # fmt: skip
    return pl.when(is_early("delay_p10")).then(early).otherwise(late)


PROFILE = Profile("irregular", 90, _holds, _sentence)
