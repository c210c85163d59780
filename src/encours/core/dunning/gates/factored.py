"""The receivable is sold and the factor collects: a second letter from us would be paid to the wrong account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "factored", 15, "ask_factor"
SENTENCE = "Sold to a factor on {on}, who collects."

_ASSIGNED, _BACK = "factor:assigned", ("factor:released", "factor:returned")
#: What `value` says where we go on collecting ourselves: the sale is not notified, or a mandate leaves it to us.
_WE_COLLECT = ("confidential", "mandate", "own_collection")


def hold(facts: Facts) -> pl.DataFrame:
    """All that is open of items whose last factor event assigns them, unless its `value` says that we collect."""
    sold = last_events(facts.book, "item", [_ASSIGNED], _BACK)
    sold = sold.filter(~pl.col("value").str.to_lowercase().is_in(_WE_COLLECT).fill_null(False))
    rows = facts.items.join(sold.select("on", item_id="subject_id"), on="item_id")
    return rows.select("item_id", "on")
