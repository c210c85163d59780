"""Shrinking or vanishing payments: much less comes than fell due, of a payer that used to pay what fell due.

Money that has come and waits to be applied has come: our own backlog is no sign of theirs. What was credited, netted,
written off or closed by the ERP alone asks for no payment any more, and what is disputed waits for us: both are left
out.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.history import NONE

#: The window, how much of what fell due is little, and how much is usual of a payer that this says something about.
_DAYS, _LITTLE, _USUAL = 45, 0.4, 0.8
_LEAST_ITEMS, _YEAR = 4, 365


def _find(seen: Seen) -> pl.DataFrame:
    rows = seen.history.join(seen.profiles.select("payer_id", "delay_median", "delay_p90"), on="payer_id")
    disputed = seen.known.disputes.filter(pl.col("closed_on").is_null())["item_id"]
    rows = rows.filter((pl.col("ending") != NONE) & ~pl.col("item_id").is_in(disputed.implode()))
    # What should be there by now: due, and later than the payer is in nine cases of ten.
    ripe = pl.col("due_on") + pl.duration(days=pl.col("delay_p90").clip(0, 60).ceil())
    rows = rows.filter((ripe <= seen.as_of) & (pl.col("due_on") > seen.as_of - timedelta(days=_YEAR)))
    paid = pl.col("paid_on").is_not_null() | pl.col("item_id").is_in(seen.arrived.implode())
    recent = pl.col("due_on") > seen.as_of - timedelta(days=_DAYS) - pl.duration(days=pl.col("delay_p90").clip(0, 60))
    found = rows.group_by("payer_id").agg(
        items=recent.sum(),
        came=paid.filter(recent).mean(),
        before=paid.filter(~recent).mean(),
        older=(~recent).sum(),
        evidence=pl.col("item_id").filter(recent & ~paid).head(10),
    )
    few = (pl.col("came") <= _LITTLE) & (pl.col("before") >= _USUAL)
    found = found.filter(few & (pl.col("items") >= _LEAST_ITEMS) & (pl.col("older") >= _LEAST_ITEMS))
    percent = (pl.col("came") * 100).round(0).cast(pl.Int64)
    usual = (pl.col("before") * 100).round(0).cast(pl.Int64)
    return found.select(
        "payer_id", "evidence", chance=(1 - pl.col("came")).cast(pl.Float64),
        sentence=pl.format(
            "Of the last {} items that should be paid by now {} % are; before it were {} %.", "items", percent, usual
        ),
    )  # fmt: skip


ALERT = Alert("vanishing", 25, _find)
