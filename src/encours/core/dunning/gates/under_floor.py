"""Too little to write for: it is asked for with the next larger amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.money import exponent_expr

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "under_floor", 150, "write_off_small"
SENTENCE = "{amount:money} is too little to write for."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for payment below the rules' floor of their currency, in whole units."""
    floors = [(currency, float(floor)) for currency, floor in facts.known.settings.floors.items()]
    floor = pl.DataFrame(floors, schema={"currency": pl.String, "floor": pl.Float64}, orient="row")
    asks = actions.filter(pl.col("level") > 0).select("action_id", "currency", "amount").join(floor, on="currency")
    least = pl.col("floor") * pl.lit(10.0).pow(exponent_expr(pl.col("currency")).fill_null(2))
    return asks.filter(pl.col("amount") < least)
