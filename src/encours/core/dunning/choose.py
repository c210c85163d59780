"""Which scenario each item follows, and the row that conditions read."""

from __future__ import annotations

import polars as pl

from encours.core.dunning.conditions import all_hold
from encours.core.dunning.facts import GROUP, Facts


def rows(facts: Facts) -> pl.DataFrame:
    """A row an open item: item.*, customer.* and profile.* of who pays, position.* of that payer."""
    customers = facts.book.customers
    items = facts.items.rename({name: f"item.{name}" for name in facts.items.columns})
    profiles = facts.known.profiles.unique("customer_id", keep="first", maintain_order=True)
    keys = [f"item.{name}" for name in GROUP]
    positions = facts.positions.rename({name: f"item.{name}" for name in GROUP})
    positions = positions.rename({name: f"position.{name}" for name in positions.columns if name not in keys})
    beside = (
        (customers.drop("known_on", "voided"), "customer"),
        (profiles, "profile"),
    )  # fmt: skip
    for frame, prefix in beside:
        named = frame.rename({name: f"{prefix}.{name}" for name in frame.columns})
        named = named.with_columns(pl.col(f"{prefix}.customer_id").alias("item.payer_id"))
        items = items.join(named, on="item.payer_id", how="left", maintain_order="left")
    return items.join(positions, on=keys, how="left", maintain_order="left", nulls_equal=True)


def chosen(facts: Facts, found: pl.DataFrame) -> pl.Series:
    """The code of each row's scenario, null where none fits: chosen for the item, for its customer, for its payer, else
    the first whose segment holds. A scenario that is unknown or inactive was not chosen."""
    active = facts.scenarios.active
    by_segment = pl.coalesce(
        *(pl.when(all_hold(one.segment)).then(pl.lit(one.code)) for one in active), pl.lit(None, dtype=pl.String)
    )
    picked = facts.known.chosen.filter(pl.col("scenario").is_in([one.code for one in active]))
    by_item = picked.filter(pl.col("item_id").is_not_null()).unique("item_id", keep="last", maintain_order=True)
    by_customer = picked.filter(pl.col("item_id").is_null() & pl.col("customer_id").is_not_null())
    by_customer = by_customer.unique("customer_id", keep="last", maintain_order=True)
    out = found.select("item.item_id", "item.customer_id", "item.payer_id", _segment=by_segment)
    out = _pick(out, "item.item_id", by_item, "item_id", "_item")
    out = _pick(out, "item.customer_id", by_customer, "customer_id", "_customer")
    out = _pick(out, "item.payer_id", by_customer, "customer_id", "_payer")
    return out.select(scenario=pl.coalesce("_item", "_customer", "_payer", "_segment")).to_series()


def _pick(out: pl.DataFrame, left: str, picked: pl.DataFrame, right: str, name: str) -> pl.DataFrame:
    return out.join(
        picked.select(right, pl.col("scenario").alias(name)),
        left_on=left, right_on=right, how="left", maintain_order="left",
    )  # fmt: skip
