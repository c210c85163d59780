"""The first late payment of a punctual payer: nothing late was ever seen, and now something is."""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen, by_payer
from encours.core.behaviour.flags import PASSED

#: Days after the due date that weekends and bank days explain; a payer is punctual if so few are later.
_DAYS, _SHARE = 3, 0.05


def _find(seen: Seen) -> pl.DataFrame:
    paid = seen.history.filter(pl.col("delay_days").is_not_null())
    late = paid.group_by("payer_id").agg(share=(pl.col("delay_days") > _DAYS).mean(), payments=pl.len())
    punctual = late.filter((pl.col("share") <= _SHARE) & (pl.col("payments") >= 10))
    now = seen.flags.filter((pl.col("kind") == PASSED) & (pl.col("days_late") > _DAYS))
    rows = by_payer(now).join(punctual, on="payer_id", how="inner")
    return rows.with_columns(
        sentence=pl.format("Always on time in {} payments, and now {} days late.", "payments", "late")
    )


ALERT = Alert("first_late", 10, _find)
