"""Too little to write for: it is asked for with the next larger amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import floors

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "under_floor", 150, "write_off_small"
SENTENCE = "{amount:money} is too little to write for."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for payment below the rules' floor of their currency, in whole units."""
    asks = actions.filter(pl.col("level") > 0).select("action_id", "currency", "amount")
    return asks.join(floors(facts.known.settings), on="currency").filter(pl.col("amount") < pl.col("floor"))
