"""The customer disputes it: that part waits, the undisputed part stays chased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "disputed", 40, "settle_dispute"
SENTENCE = "Disputed since {since}: {reason}."


def hold(facts: Facts) -> pl.DataFrame:
    """The amounts of an item's open disputes together, at most what is open of it."""
    standing = facts.book.disputes.filter(pl.col("closed_on").is_null() & (pl.col("opened_on") <= facts.as_of))
    rows = standing.sort("opened_on", "dispute_id").group_by("item_id", maintain_order=True).agg(
        amount=pl.col("amount").abs().sum(), since=pl.col("opened_on").first(),
        reason=pl.col("reason").first().str.replace_all("_", " "),
    )  # fmt: skip
    return facts.items.select("item_id").join(rows, on="item_id")
