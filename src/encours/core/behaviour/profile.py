"""A payer's profile: a name that a collector understands, and the figures that made it."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.behaviour.profiles import named


def profiled(figures: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The figures (`figures.payer_figures`) with `profile` (a rule’s name) and `why` (its sentence)."""
    chosen, why = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for rule in reversed(named()):
        holds = rule.holds(as_of).fill_null(False)
        chosen = pl.when(holds).then(pl.lit(rule.name)).otherwise(chosen)
        why = pl.when(holds).then(rule.sentence()).otherwise(why)
    return figures.with_columns(profile=chosen, why=why)
