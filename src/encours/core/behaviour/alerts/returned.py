"""A direct debit, draft or cheque came back within the last month."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen

_DAYS = 30


def _find(seen: Seen) -> pl.DataFrame:
    rows = seen.profiles.filter(pl.col("returned_on") > seen.as_of - timedelta(days=_DAYS))
    rows = rows.join(_unpaid_items(seen), on="payer_id", how="left", maintain_order="left")
    drawn = pl.col("drawn") + pl.col("returned")
    return rows.select(
        "payer_id",
        chance=((pl.col("returned") + 1) / (drawn + 2)).clip(0.3, 0.95),
        sentence=pl.format("A payment came back on {}; {} have come back so far.", "returned_on", "returned"),
        evidence="evidence",
    )


def _unpaid_items(seen: Seen) -> pl.DataFrame:
    """payer_id, evidence: the items whose payment came back within the last month, the last first."""
    since = seen.as_of - timedelta(days=_DAYS)
    back = seen.known.receipts.filter(pl.col("booked_on") > since).drop_nulls("returns_receipt_id")
    paid = seen.known.allocations.select("receipt_id", "item_id")
    drawn = seen.known.instruments.filter((pl.col("state") == "unpaid") & (pl.col("state_on") > since))
    of_drawn = seen.known.instrument_items.select("instrument_id", "item_id")
    first = back.select(receipt_id="returns_receipt_id", on="booked_on")
    items = pl.concat([
        first.join(paid, on="receipt_id").select("item_id", "on"),
        drawn.select("instrument_id", on="state_on").join(of_drawn, on="instrument_id").select("item_id", "on"),
    ])  # fmt: skip
    whose = items.join(seen.history.select("item_id", "payer_id"), on="item_id").unique("item_id")
    whose = whose.sort("on", "item_id", descending=[True, False])
    return whose.group_by("payer_id", maintain_order=True).agg(evidence=pl.col("item_id").head(10))


ALERT = Alert("returned", 15, _find)
