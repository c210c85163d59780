"""A sudden change of habit: within the last two months payments began to come later, by more than chance."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.change import SURE
from encours.core.behaviour.history import DECIDED, INTERVAL
from encours.core.behaviour.slip import slips

#: A change counts as recent for so many days, and as one from so many days of delay on.
_RECENT_DAYS, _LEAST_DAYS = 60, 4.0


def _find(seen: Seen) -> pl.DataFrame:
    recent = pl.col("changed_on") > seen.as_of - timedelta(days=_RECENT_DAYS)
    worse = (pl.col("changed_days") >= _LEAST_DAYS) & (pl.col("change_t") >= SURE)
    rows = seen.profiles.filter(recent & worse & slips())  # the best of many splits is sometimes chance
    rows = rows.join(_paid_since(seen, rows), on="payer_id", how="left", maintain_order="left")
    moved = pl.col("changed_days").round(0).cast(pl.Int64)
    return rows.select(
        "payer_id",
        # The t of the change says how surely it is no chance: 4 is sure enough to say, 8 is certain.
        chance=(0.5 + (pl.col("change_t") - SURE) / 8).clip(0.5, 0.95),
        sentence=pl.format("Since {} payments come {} days later than before.", "changed_on", moved),
        evidence="evidence",
    )


def _paid_since(seen: Seen, rows: pl.DataFrame) -> pl.DataFrame:
    """payer_id, evidence: the items paid since the change, the last first."""
    paid = seen.history.filter(pl.col("ending").is_in([DECIDED, INTERVAL])).join(
        rows.select("payer_id", "changed_on"), on="payer_id"
    )
    since = paid.filter(pl.col("paid_on") >= pl.col("changed_on")).sort("paid_on", "item_id", descending=[True, False])
    return since.group_by("payer_id", maintain_order=True).agg(evidence=pl.col("item_id").head(10))


ALERT = Alert("habit_changed", 30, _find)
