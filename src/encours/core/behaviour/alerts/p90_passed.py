"""A payer's own P90 is passed: late by its own measure, whatever the age."""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen, by_payer
from encours.core.behaviour.flags import PASSED


def _find(seen: Seen) -> pl.DataFrame:
    rows = by_payer(seen.flags.filter(pl.col("kind") == PASSED))
    return rows.with_columns(
        sentence=pl.format("Late items beyond nine payments in ten of this payer (day {}): {}.", "own_p90", "items")
    )


ALERT = Alert("p90_passed", 20, _find)
