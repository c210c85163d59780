"""A payer leaves its habit: its items come later one after the other, those still unpaid included."""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.slip import SURE, slips

#: Odds that a payer changes its habit within the months that are looked at, before anything is seen.
_ODDS = 0.03


def _find(seen: Seen) -> pl.DataFrame:
    rows = seen.profiles.filter(slips())
    odds = _ODDS * pl.col("slip_score")
    late = pl.col("slip_days").round(0).cast(pl.Int64)
    sure = pl.format(
        "Since {} payments come {} days later than before: {} of {} items are later than nine in ten were.",
        "slip_since", late, "slip_late", "slip_items",
    )  # fmt: skip
    early = pl.format(
        "Items due since {}: {} days later than before, the oldest unpaid one by {} days; "
        "{} of {} are later than nine in ten of this payer and those like it.",
        "slip_since", late, "slip_waits", "slip_late", "slip_items",
    )  # fmt: skip
    found = rows.select(
        "payer_id", "slip_since", chance=(odds / (1 + odds)).clip(0.0, 0.98),
        sentence=pl.when(pl.col("slip_score") >= SURE).then(sure).otherwise(early),
    )  # fmt: skip
    return found.join(_unpaid(seen, found), on="payer_id", how="left", maintain_order="left")


def _unpaid(seen: Seen, found: pl.DataFrame) -> pl.DataFrame:
    """payer_id, evidence: the unpaid items of the run, the oldest first."""
    late = (pl.col("open") > 0) & (pl.col("due_on") < seen.as_of) & (pl.col("due_on") >= pl.col("slip_since"))
    rows = seen.history.join(found.select("payer_id", "slip_since"), on="payer_id").filter(late)
    return rows.sort("due_on", "item_id").group_by("payer_id").agg(evidence=pl.col("item_id").head(10))


ALERT = Alert("slipping", 12, _find)
