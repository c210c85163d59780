"""The first late payment of a punctual payer: hardly anything late was ever seen, and now something is.

Money that we draw comes on our day, not on the payer's: it makes nobody punctual, and nobody late.
"""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen, by_payer
from encours.core.behaviour.flags import PASSED
from encours.core.behaviour.history import DECIDED, INTERVAL

#: Days after the due date that weekends and bank days explain; a payer is punctual if so few are later.
_DAYS, _SHARE = 3, 0.05


def _find(seen: Seen) -> pl.DataFrame:
    paid = seen.history.filter(pl.col("ending").is_in([DECIDED, INTERVAL]))
    habit = paid.group_by("payer_id").agg(before=(pl.col("delay_days") > _DAYS).sum(), payments=pl.len())
    few = pl.col("before") <= _SHARE * pl.col("payments")
    punctual = habit.filter(few & (pl.col("payments") >= 10))
    now = seen.flags.filter((pl.col("kind") == PASSED) & (pl.col("days_late") > _DAYS))
    rows = by_payer(now).join(punctual, on="payer_id", how="inner")
    always = pl.format("Always on time in {} payments, and now {} days late.", "payments", "late")
    on_time = pl.col("payments") - pl.col("before")
    nearly = pl.format("On time in {} of {} payments, and now {} days late.", on_time, "payments", "late")
    return rows.with_columns(sentence=pl.when(pl.col("before") == 0).then(always).otherwise(nearly))


ALERT = Alert("first_late", 10, _find)
