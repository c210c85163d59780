"""A small company for the gates: customers, their items, and what the firewall holds of them on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.dunning.facts import Facts, facts
from encours.core.dunning.holds import held_actions, held_items
from encours.core.dunning.known import SCHEMAS, Known, Rules
from encours.core.dunning.result import ACTIONS
from encours.core.dunning.scenario import Scenarios

#: A Wednesday without holidays near it: working days before are Tuesday 17, Monday 16, Friday 13 March.
DAY = date(2026, 3, 18)
_ENTITY = {"entity_id": "E", "name": "Nous", "country": "FR", "currency": "EUR", "legal_id": "123456782"}


def days(count: int) -> date:
    """So many days before DAY (after it, where negative)."""
    return DAY - timedelta(days=count)


def rows(table: str, *found: dict[str, Any]) -> pl.DataFrame:
    """Rows of a table of the Book; what is not given is null."""
    schema = TABLES[table].schema
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in found], schema=schema)


def customer(customer_id: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer_id, "entity_id": "E", "name": customer_id, "kind": "business", **more}


def item(item_id: str, amount: int = 100_000, **more: Any) -> dict[str, Any]:
    """An invoice of customer C, a month old and ten days late."""
    base = {
        "item_id": item_id, "entity_id": "E", "customer_id": "C", "number": item_id, "kind": "invoice",
        "issued_on": days(40), "due_on": days(10), "amount": amount, "currency": "EUR",
    }  # fmt: skip
    return {**base, **more}


def receipt(receipt_id: str, amount: int, **more: Any) -> dict[str, Any]:
    """Money that came yesterday and bears no customer."""
    base = {
        "receipt_id": receipt_id, "entity_id": "E", "account": "512", "booked_on": days(1), "amount": amount,
        "currency": "EUR", "kind": "transfer", "origin": "bank",
    }  # fmt: skip
    return {**base, **more}


def known(rules: Rules | None = None, **frames: list[dict[str, Any]]) -> Known:
    """What is known beside the book; absent columns are null."""
    made = {}
    for name, found in frames.items():
        schema = SCHEMAS[name]
        made[name] = pl.DataFrame([{column: row.get(column) for column in schema} for row in found], schema=schema)
    return Known.of(rules, **made)


def book(items: list[dict[str, Any]], **tables: list[dict[str, Any]]) -> Book:
    """A book with the items and the customers C, D, X unless they are given."""
    given = {"customers": [customer(name) for name in ("C", "D", "X")], "entities": [_ENTITY]} | tables
    return Book.of(items=rows("items", *items), **{name: rows(name, *found) for name, found in given.items()})


def seen(of: Book, more: Known | None = None, day: date = DAY) -> Facts:
    """The facts of a day."""
    return facts(of, day, more or Known(), Scenarios(()))


def held(of: Book, more: Known | None = None, day: date = DAY) -> dict[tuple[str, str], int]:
    """(item, gate) -> amount held."""
    found = held_items(seen(of, more, day))
    return {(row["item_id"], row["gate"]): row["amount"] for row in found.iter_rows(named=True)}


def actions(of_day: Facts, channel: str = "email") -> pl.DataFrame:
    """One message to each payer and currency that asks for all it owes."""
    made = of_day.items.group_by("entity_id", "payer_id", "currency").agg(pl.col("open").sum(), items="item_id")
    made = made.with_columns(
        customer_id="payer_id", action_id=pl.col("payer_id") + pl.col("currency"), amount="open", level=1,
        channel=pl.lit(channel), on=pl.lit(of_day.as_of),
    )  # fmt: skip
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in ACTIONS.items()
    )


def stays(of: Book, more: Known | None = None, day: date = DAY, channel: str = "email") -> dict[str, str]:
    """customer and currency -> the gate that keeps its message from leaving on the day."""
    of_day = seen(of, more, day)
    found = held_actions(of_day, actions(of_day, channel)).sort("rank").unique("action_id", keep="first")
    return dict(found.select("action_id", "gate").iter_rows())
