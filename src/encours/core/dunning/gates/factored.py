"""The receivable is sold and the factor collects: a second letter from us would be paid to the wrong account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.factoring import sold

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "factored", 15, "ask_factor"
SENTENCE = "Sold to a factor on {on}, who collects."


def hold(facts: Facts) -> pl.DataFrame:
    """All that is open of items that stand sold, they or their whole account, unless the sale says that we collect."""
    claims = sold(facts.book, facts.items).filter("collects")
    return claims.select("item_id", "on")
