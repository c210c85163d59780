"""A person holds it, with a reason and, mostly, a day on which it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "manual_hold", 35, "lift_hold"
SENTENCE = "{author} holds it back: {reason}"


def hold(facts: Facts) -> pl.DataFrame:
    """What a hold names that has not ended: an item, all of a customer or paying group, or the whole entity."""
    standing = facts.known.holds.filter(pl.col("until_on").is_null() | (pl.col("until_on") >= facts.as_of))
    items = facts.items.select("entity_id", "customer_id", "payer_id", "item_id")
    of_item = items.select("item_id").join(standing.filter(pl.col("item_id").is_not_null()), on="item_id")
    wide = standing.filter(pl.col("item_id").is_null()).drop("item_id")
    named = wide.filter(pl.col("customer_id").is_not_null()).drop("entity_id")
    of_customer = items.join(named, on="customer_id")
    of_payer = items.join(named, left_on="payer_id", right_on="customer_id")
    of_entity = items.join(wide.filter(pl.col("customer_id").is_null()).drop("customer_id"), on="entity_id")
    columns = ["item_id", "author", "reason", "until_on"]
    found = pl.concat([rows.select(columns) for rows in (of_item, of_customer, of_payer, of_entity)])
    # Of several the one that ends last is said.
    ends = found.sort("until_on", "author", "reason", descending=[True, False, False], nulls_last=False)
    return ends.unique("item_id", keep="first", maintain_order=True)
