"""Conditions of scenarios as expressions on a row of the day's items."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from encours.core.base.money import exponent_expr
from encours.core.base.schema import TABLES
from encours.core.dunning.facts import ITEMS, POSITION
from encours.core.dunning.known import PROFILES
from encours.core.dunning.scenario import Condition

#: Columns of the Book that hold money are compared in whole units of the row's currency.
_MONEY = {"item.amount", "item.open", "customer.credit_limit", "profile.paid_year"} | {
    f"position.{name}" for name in ("overdue", "open", "not_due", "chased")
}
_NUMBERS = (pl.Int64, pl.Float64)


def columns() -> dict[str, pl.DataType]:
    """Every column that a condition may name, with its type."""
    found = {f"customer.{name}": dtype for name, dtype in TABLES["customers"].schema.items()}
    found |= {f"item.{name}": dtype for name, dtype in ITEMS.items()}
    found |= {f"profile.{name}": dtype for name, dtype in PROFILES.items()}
    found |= {f"position.{name}": dtype for name, dtype in POSITION.items()}
    return found | {"position.chased": pl.Int64()}


def of_item(condition: Condition) -> bool:
    """Whether it is about the item, not about who pays it."""
    return condition.column.startswith("item.")


def all_hold(conditions: Iterable[Condition]) -> pl.Expr:
    """Whether all of them hold; of none, true. What is unknown does not hold, unless the condition asks for it."""
    return pl.all_horizontal(pl.lit(True), *(holds(one) for one in conditions))


def holds(condition: Condition) -> pl.Expr:
    """Whether a condition holds, never null."""
    column, value = pl.col(condition.column), condition.value
    if condition.op in ("is_null", "not_null"):
        return column.is_null() if condition.op == "is_null" else column.is_not_null()
    if condition.op in ("in", "not_in"):
        wanted = column.cast(pl.String).is_in(list(value if isinstance(value, tuple) else (str(value),)))
        return (wanted if condition.op == "in" else ~wanted).fill_null(condition.op == "not_in")
    if condition.column in _MONEY:
        right = minor(Decimal(str(value)))
    elif isinstance(value, bool):
        right = pl.lit(value)
    elif columns()[condition.column] in _NUMBERS:
        right = pl.lit(float(value))  # type: ignore[arg-type]  # numbers were checked when the scenario was read
    elif columns()[condition.column] == pl.Date:
        right = pl.lit(str(value)).str.to_date()
    else:
        right = pl.lit(str(value))
    found: pl.Expr = getattr(column, condition.op)(right)
    return found.fill_null(condition.op == "ne")


def minor(value: Decimal) -> pl.Expr:
    """Whole units as minor units of the row's currency (`item.currency`), rounded up where it is finer."""
    exponent = exponent_expr(pl.col("item.currency")).fill_null(2)
    table = {places: -int(-value.scaleb(places) // 1) for places in (0, 2, 3, 4)}
    return exponent.replace_strict(table, default=table[2], return_dtype=pl.Int64)
