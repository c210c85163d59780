"""The last message to this address came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.contacts import reachable

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "bounced_address", 145, "correct_address"
SENTENCE = "No address that works: messages come back."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """What would go by e-mail to a customer whose every wanted address has bounced."""
    gone = reachable(facts).filter((pl.col("usable") == 0) & (pl.col("bounced") > 0))
    return actions.select("action_id", "customer_id", "channel").join(gone, on=["customer_id", "channel"])
