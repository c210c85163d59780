"""The ten customers of each entity and currency that owe most pay so many days later than expected."""

from __future__ import annotations

import polars as pl

from encours.core.forecast.scenario import Rule, Scenario, later

_LARGEST = 10


def _find(items: pl.DataFrame, asked: Scenario) -> pl.DataFrame:
    purse = ["entity_id", "currency"]
    owed = items.group_by(*purse, "customer_id").agg(pl.col("cash").sum()).filter(pl.col("cash") > 0)
    ordered = owed.sort(*purse, "cash", "customer_id", descending=[False, False, True, False])
    return later(ordered.group_by(purse, maintain_order=True).head(_LARGEST)["customer_id"], asked.days)


RULE = Rule("largest_later", 20, "The ten largest customers pay later.", ("days",), _find)
