"""Positions: what the facts add up to per customer and per entity today, recomputed for those that changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.metrics.ageing import by_customer
from encours.store import bulk, frames
from encours.store.models import FACTS, CustomerPosition, Entity, EntityDay
from encours.store.rows import fetch, select
from encours.usecases.sales_history import MANY, keep_dso, sold_by_customer

_BUCKETS = ("d1_30", "d31_60", "d61_90", "d91_plus")
_MONEY = ("not_due", *_BUCKETS, "credits", "unapplied")
_KEY = ["customer_id", "currency"]


def recompute_positions(customers: pl.Series, day: date) -> int:
    """Today's position of these customers, in one transaction; how many rows they have."""
    ids = customers.drop_nulls().unique()
    if not ids.len():
        return 0
    with transaction.atomic():
        rows = _positions(ids, day)
        with bulk.keys(ids) as staged:
            table = CustomerPosition._meta.db_table
            bulk.execute(f"DELETE FROM {table} WHERE customer_id IN (SELECT key FROM {staged})")
        bulk.insert(CustomerPosition, rows)
        record_days(sorted(rows["entity_id"].unique().to_list()), day)
    return rows.height


def recompute_entities(entity_ids: Sequence[str], day: date) -> int:
    """Today's positions of all customers of some entities: nightly, because days pass even where nothing changes."""
    count = 0
    for entity_id in entity_ids:
        with transaction.atomic():
            known = frames.read_table("customers", [entity_id], current=True)["customer_id"]
            stale = CustomerPosition.objects.filter(entity_id=entity_id).values_list("customer_id", flat=True)
            count += recompute_positions(pl.concat([known, pl.Series("customer_id", list(stale), pl.String)]), day)
    return count


def _positions(ids: pl.Series, day: date) -> pl.DataFrame:
    items = _of("items", ids, ["customer_id", "currency", "kind", "due_on", "open"], "t.open <> 0")
    columns = ["customer_id", "entity_id", "name", "collector", "credit_limit"]
    return position_rows(items, _held(ids), _of("customers", ids, columns, ""), sold_by_customer(ids, day), day)


def _of(name: str, ids: pl.Series, columns: list[str], more: str) -> pl.DataFrame:
    """Current rows of the customers: by their index, or the whole table where they are many."""
    where = " AND ".join(part for part in ("t.is_current", more) if part)
    if ids.len() > MANY:
        rows = select(FACTS[name], columns, where)
        return rows.filter(pl.col("customer_id").is_in(ids.implode()))
    with bulk.keys(ids) as staged:
        return select(FACTS[name], columns, where, (), f"JOIN {staged} k ON t.customer_id = k.key")


def _held(ids: pl.Series) -> pl.DataFrame:
    """The customers' money not yet applied and their last receipt, added up by the database."""
    schema = {
        "customer_id": pl.String(),
        "currency": pl.String(),
        "unapplied": pl.Int64(),
        "last_receipt_on": pl.Date(),
    }
    table = FACTS["receipts"]._meta.db_table
    with bulk.keys(ids) as staged:
        return fetch(
            "SELECT t.customer_id, t.currency, CAST(-SUM(t.unapplied) AS BIGINT),"
            " MAX(CASE WHEN t.amount > 0 THEN t.booked_on END)"
            f" FROM {table} t JOIN {staged} k ON t.customer_id = k.key"
            " WHERE t.is_current GROUP BY t.customer_id, t.currency",
            (),
            schema,
        )


def position_rows(
    items: pl.DataFrame, held: pl.DataFrame, customers: pl.DataFrame, sold: pl.DataFrame, day: date
) -> pl.DataFrame:
    """One row a customer and currency in the columns of CustomerPosition, aged as every other figure is.

    `items`: customer_id, currency, kind, due_on, open (Int64, not 0). `held`: customer_id, currency, unapplied
    (negative), last_receipt_on. `customers`: customer_id, entity_id, name, collector, credit_limit. `sold`:
    customer_id, currency, sold, days (of the window of DSO; none where sales are not known that far back). An item
    whose customer is unknown still counts, under its own id. Credits and unapplied money are negative.
    """
    owners = customers.select("customer_id", "entity_id")
    owed = items.join(owners, on="customer_id", how="left").with_columns(
        _on="due_on", _late=(pl.lit(day) - pl.col("due_on")).dt.total_days(), _out=pl.lit(False)
    )
    free = held.join(owners, on="customer_id", how="left").with_columns(unapplied=-pl.col("unapplied"))
    aged = by_customer(owed, free.select("entity_id", *_KEY, "unapplied"))
    counts = items.group_by(_KEY).agg(open_items=pl.len().cast(pl.Int64))
    rows = aged.join(counts, on=_KEY, how="left").join(held.drop("unapplied"), on=_KEY, how="left")
    rows = rows.join(customers.drop("entity_id"), on="customer_id", how="left").join(sold, on=_KEY, how="left")
    rows = rows.with_columns(credits=pl.col("credits") + pl.col("advances"))
    total = pl.sum_horizontal(_MONEY)
    return rows.select(
        *_KEY,
        *_MONEY,
        "collector",
        "credit_limit",
        "last_receipt_on",
        pl.col("open_items").fill_null(0),
        name=pl.coalesce("name", "customer_id"),
        entity_id=pl.coalesce("entity_id", pl.col("customer_id").str.split(":").list.first()),
        oldest_due_on="oldest_on",
        day=pl.lit(day),
        dso_days=pl.when(pl.col("sold") > 0).then(total / pl.col("sold") * pl.col("days")),
        overdue=pl.sum_horizontal(_BUCKETS),
        balance=total,
        exposure=total,
    )


def record_days(entity_ids: Sequence[str], day: date) -> None:
    """Each entity's figures of the day in each currency, as the sum of its positions."""
    columns = ["entity_id", "currency", "overdue", "balance", "open_items", *_MONEY]
    for entity_id in Entity.objects.filter(pk__in=list(entity_ids)).values_list("pk", flat=True):
        rows = select(CustomerPosition, columns, "t.entity_id = %s", [entity_id])
        for currency, figures in entity_figures(rows).get(entity_id, {}).items():
            EntityDay.objects.update_or_create(
                entity_id=entity_id,
                currency=currency,
                day=day,
                defaults={"figures": keep_dso(entity_id, currency, day, figures)},
            )


def entity_figures(rows: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """entity -> currency -> figures (minor units, counts): the sums of positions; `outstanding` is the balance."""
    wanted = ["overdue", "balance", "open_items", *_MONEY]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for figures in rows.group_by("entity_id", "currency").agg(pl.col(wanted).sum()).iter_rows(named=True):
        owner, currency = figures.pop("entity_id"), figures.pop("currency")
        figures["outstanding"] = figures.pop("balance")
        found.setdefault(owner, {})[currency] = figures
    return found
