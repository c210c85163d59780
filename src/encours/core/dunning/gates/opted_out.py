"""The customer does not want to be reached this way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.contacts import reachable

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "opted_out", 140, "choose_channel"
SENTENCE = "Opted out of this channel ({channel}): choose another one."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """What would go by a channel that every contact with an address for it has opted out of."""
    out = reachable(facts).filter((pl.col("usable") == 0) & (pl.col("bounced") == 0))
    return actions.select("action_id", "customer_id", "channel").join(out, on=["customer_id", "channel"])
