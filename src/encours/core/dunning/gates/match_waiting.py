"""Money came that probably pays it, and nobody has confirmed the match yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "match_waiting", 80, "review_match"
OF_MONEY = True
SENTENCE = "Money that probably pays it has come ({amount:money}): confirm the match."


def hold(facts: Facts) -> pl.DataFrame:
    """What proposed matches would take off each item, until somebody confirms or refuses them."""
    waiting = facts.known.proposals.filter(pl.col("amount") > 0).group_by("item_id").agg(pl.col("amount").sum())
    return facts.items.select("item_id").join(waiting, on="item_id")
