"""What if: a named rule that makes some customers pay later, or never, before the forecast is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from encours.core.base.issue import CallError

#: What a rule finds: customers that pay `days` days later than expected, or are `lost` and pay nothing.
CHANGE_SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.String(),
    "days": pl.Int64(),
    "lost": pl.Boolean(),
}
SCENARIO = "scenario"


@dataclass(frozen=True)
class Scenario:
    """A rule by its name, and what it asks for."""

    name: str
    customer_id: str | None = None
    days: int = 0


@dataclass(frozen=True)
class Rule:
    """`find(items, asked)` gives CHANGE_SCHEMA; `items`: entity_id, currency, customer_id, cash (minor units) of what
    is open; 0 for customers of whom only orders or past invoices are known.

    `asks`: fields of Scenario that it needs. `sentence` says it to a treasurer.
    """

    name: str
    rank: int
    sentence: str
    asks: tuple[str, ...]
    find: Callable[[pl.DataFrame, Scenario], pl.DataFrame]


def changes(asked: Scenario, rules: tuple[Rule, ...], items: pl.DataFrame) -> pl.DataFrame:
    """CHANGE_SCHEMA of a scenario. Raises CallError for an unknown name, or where what it asks for is missing."""
    named = {rule.name: rule for rule in rules}
    if asked.name not in named:
        raise CallError([f"scenario: {asked.name!r} is not one of {', '.join(sorted(named))}"])
    rule, faults = named[asked.name], []
    if "customer_id" in rule.asks and not asked.customer_id:
        faults.append(f"scenario {asked.name}: no customer is named")
    if "days" in rule.asks and not 1 <= asked.days <= 365:
        faults.append(f"scenario {asked.name}: days must be between 1 and 365, not {asked.days}")
    if faults:
        raise CallError(faults)
    found = rule.find(items, asked)
    return found.select(pl.col(name).cast(dtype) for name, dtype in CHANGE_SCHEMA.items()).unique("customer_id")


def postponed(items: pl.DataFrame, spread: pl.DataFrame, change: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items without those that are lost, and the distributions moved by the days that a scenario says."""
    touched = items.select("item_id", "customer_id").join(change, on="customer_id")
    kept = items.join(touched.filter("lost"), on="item_id", how="anti", maintain_order="left")
    days = touched.filter(~pl.col("lost")).select("item_id", later="days")
    moved = spread.join(days, on="item_id", how="left", maintain_order="left")
    later = pl.duration(days=pl.col("later").fill_null(0))
    return kept, moved.with_columns(from_on=pl.col("from_on") + later).drop("later")


def later(customers: pl.Series, days: int) -> pl.DataFrame:
    """CHANGE_SCHEMA: these customers pay so many days later."""
    return pl.DataFrame({"customer_id": customers}).with_columns(days=pl.lit(days), lost=pl.lit(False))
