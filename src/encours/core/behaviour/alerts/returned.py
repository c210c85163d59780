"""A direct debit, draft or cheque came back within the last month."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.behaviour.alert import Alert, Seen

_DAYS = 30


def _find(seen: Seen) -> pl.DataFrame:
    rows = seen.profiles.filter(pl.col("returned_on") > seen.as_of - timedelta(days=_DAYS))
    drawn = pl.col("drawn") + pl.col("returned")
    return rows.select(
        "payer_id",
        chance=((pl.col("returned") + 1) / (drawn + 2)).clip(0.3, 0.95),
        sentence=pl.format("A payment came back on {}; {} have come back so far.", "returned_on", "returned"),
        evidence=pl.concat_list(pl.col("returned_on").cast(pl.String)),
    )


ALERT = Alert("returned", 15, _find)
