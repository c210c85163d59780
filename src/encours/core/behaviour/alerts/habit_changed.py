"""A sudden change of habit: within the last two months payments began to come later, by more than chance."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.slip import slips

#: A change counts as recent for so many days, as one from so many days of delay on, and as sure from this t on.
_RECENT_DAYS, _LEAST_DAYS, _SURE = 60, 4.0, 4.0


def _find(seen: Seen) -> pl.DataFrame:
    recent = pl.col("changed_on") > seen.as_of - timedelta(days=_RECENT_DAYS)
    worse = (pl.col("changed_days") >= _LEAST_DAYS) & (pl.col("change_t") >= _SURE)
    rows = seen.profiles.filter(recent & worse & slips())  # the best of many splits is sometimes chance
    moved = pl.col("changed_days").round(0).cast(pl.Int64)
    return rows.select(
        "payer_id",
        # The t of the change says how surely it is no chance: 4 is sure enough to say, 8 is certain.
        chance=(0.5 + (pl.col("change_t") - _SURE) / 8).clip(0.5, 0.95),
        sentence=pl.format("Since {} payments come {} days later than before.", "changed_on", moved),
        evidence=pl.concat_list(pl.format("t = {}", pl.col("change_t").round(1))),
    )


ALERT = Alert("habit_changed", 30, _find)
