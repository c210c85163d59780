"""A forecast reckoned while somebody looks: of a portfolio's customers alone, or as it would be if something happened.

Ranges of sums cannot be added or taken off: a part has its own. What was reckoned is kept for a day in the cache.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from django.core.cache import cache

from encours.core.base.book import Book
from encours.core.forecast import Scenario, forecast
from encours.store.models import Customer
from encours.usecases.expected_files import stamp_of
from encours.usecases.predict_items import predictions_of
from encours.usecases.viewing import Viewing

WEEKS = 13
_KEPT_SECONDS = 86_400
_FIGURES = ("p10", "p50", "p90", "mean")


@dataclass(frozen=True)
class Part:
    """By currency: rows of the outlook (source, place, week_start, p10, p50, p90, mean) and of the days (on, …)."""

    outlook: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    days: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)


def part_of(viewing: Viewing, entity_id: str, day: date, scenario: Scenario | None = None) -> Part:
    """The entity's forecast as of `day` for the customers that the viewer may see, under a scenario or as it is."""
    only = _customers(viewing, entity_id) if entity_id in viewing.actor.portfolios else None
    told = f"{entity_id}|{day}|{stamp_of(entity_id)}|{scenario!r}|{only}"
    key = f"forecast:{hashlib.sha256(told.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = _reckon(entity_id, day, only, scenario)
        cache.set(key, kept, _KEPT_SECONDS)
    part: Part = kept
    return part


def _customers(viewing: Viewing, entity_id: str) -> list[str]:
    rows = viewing.facts(Customer).filter(entity_id=entity_id)
    return sorted(rows.values_list("customer_id", flat=True))


def _reckon(entity_id: str, day: date, only: list[str] | None, scenario: Scenario | None) -> Part:
    predicted, spread, book = predictions_of(entity_id, day)
    if only is not None:
        mine = pl.col("customer_id").is_in(pl.Series(only, dtype=pl.String).implode())
        predicted = predicted.filter(mine)
        spread = spread.join(predicted.select("item_id"), on="item_id", how="semi")
        book = _narrowed(book.as_of(day), mine)
    if predicted.is_empty():
        return Part()
    made = forecast(book, day, predicted, spread, weeks=WEEKS, scenario=scenario)
    place = ((pl.col("week_start") - pl.lit(day)).dt.total_days() - 1) // 7 + 1
    outlook = made.outlook.with_columns(place=place).sort("place", "source")
    return Part(
        _by_currency(outlook.select("currency", "source", "place", "week_start", *_FIGURES)),
        _by_currency(made.days.sort("on").select("currency", "on", *_FIGURES)),
    )


def _narrowed(known: Book, mine: pl.Expr) -> Book:
    """The book of some customers: what they order and are invoiced is theirs alone; no receipt grows by it.

    Customers and their payers stay: who pays for whom is asked of them.
    """
    items = known.items.filter(mine)
    kept = known.allocations.join(items.select("item_id"), on="item_id", how="semi")
    part = known.replace(items=items, orders=known.orders.filter(mine), allocations=kept)
    # What a receipt paid elsewhere is used up: it must not look like money that waits.
    free = known.unapplied_receipts().select("receipt_id", still="unapplied")
    receipts = part.unapplied_receipts().join(free, on="receipt_id", how="left", maintain_order="left")
    used = receipts.with_columns(amount=pl.col("amount") - (pl.col("unapplied") - pl.col("still")))
    return part.replace(receipts=used.select(known.receipts.columns))


def _by_currency(rows: pl.DataFrame) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for currency, *rest in rows.iter_rows():
        found.setdefault(currency, []).append(tuple(rest))
    return found
