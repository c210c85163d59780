"""A sudden change of habit: within the last two months payments began to come later, by more than chance."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.profiles.slipping import LEAST_DAYS, SURE

_RECENT_DAYS = 60


def _find(seen: Seen) -> pl.DataFrame:
    recent = pl.col("changed_on") > seen.as_of - timedelta(days=_RECENT_DAYS)
    worse = (pl.col("changed_days") >= LEAST_DAYS) & (pl.col("change_t") >= SURE)
    rows = seen.profiles.filter(recent & worse)
    moved = pl.col("changed_days").round(0).cast(pl.Int64)
    return rows.select(
        "payer_id",
        # The t of the change says how surely it is no chance: 4 is sure enough to say, 8 is certain.
        chance=(0.5 + (pl.col("change_t") - SURE) / 8).clip(0.5, 0.95),
        sentence=pl.format("Since {} payments come {} days later than before.", "changed_on", moved),
        evidence=pl.concat_list(pl.format("t = {}", pl.col("change_t").round(1))),
    )


ALERT = Alert("habit_changed", 30, _find)
