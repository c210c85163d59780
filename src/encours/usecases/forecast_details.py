"""What stands behind a forecast's amounts, item by item and order by order: for those who take it along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.behaviour.weekly import by_week
from encours.core.forecast.orders import orders_of
from encours.store import parquet
from encours.store.models import Customer, ItemPrediction
from encours.usecases.forecast_head import Head
from encours.usecases.predict_items import predictions_of
from encours.usecases.viewing import Viewing

WEEKS = 13


@dataclass(frozen=True)
class Chances:
    """Of one item: the chances (0 … 1) of being paid late, of being unpaid 90 days after its due date, of being paid in
    parts; `weeks`: of being paid in each week of the forecast."""

    late: float
    unpaid_90: float
    partial: float
    weeks: tuple[float, ...]


@dataclass(frozen=True)
class OrderRow:
    """An order that the forecast rests on; `counted`: what it is expected to bring, in minor units; `reason`: why it
    brings nothing (blocked)."""

    order_id: str
    customer_id: str
    customer_name: str
    status: str
    amount: int
    counted: int
    invoice_on: date
    due_on: date
    expected_on: date | None
    reason: str | None


def chances_of(viewing: Viewing, head: Head, item_ids: Sequence[str]) -> dict[str, Chances]:
    """The chances of the named items as of the forecast's day."""
    _items, spread, _book = predictions_of(head.entity_id, head.day)
    wanted = spread.filter(pl.col("item_id").is_in(pl.Series(item_ids, dtype=pl.String).implode()))
    weeks = {item_id: chances for item_id, *chances in by_week(wanted, head.day, WEEKS).iter_rows()}
    rows = viewing.rows(ItemPrediction).filter(entity_id=head.entity_id)
    named = set(item_ids)
    return {
        item_id: Chances(late, unpaid, partial, tuple(weeks.get(item_id, ())))
        for item_id, late, unpaid, partial in rows.values_list("item_id", "p_late", "p_unpaid_90", "p_partial")
        if item_id in named
    }


def orders_behind(viewing: Viewing, head: Head) -> list[OrderRow]:
    """The orders behind the forecast, of the customers that the viewer may see, in the order of their money."""
    seen = viewing.facts(Customer).filter(entity_id=head.entity_id)
    names = dict(seen.values_list("customer_id", "name"))
    known = parquet.read_book([head.entity_id]).as_of(head.day)
    rows = orders_of(known, head.day)[0].filter(pl.col("currency") == head.currency)
    columns = (
        "order_id",
        "customer_id",
        "status",
        "amount",
        "counted",
        "invoice_on",
        "due_on",
        "expected_on",
        "reason",
    )
    told = rows.select(columns).sort("expected_on", "order_id", nulls_last=True)
    return [
        OrderRow(**row, customer_name=names[row["customer_id"]])
        for row in told.iter_rows(named=True)
        if row["customer_id"] in names
    ]
