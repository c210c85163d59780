"""Positions: what the facts add up to per customer and per entity today, recomputed for those that changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from django.db import transaction

from encours.store import bulk, frames
from encours.store.models import FACTS, CustomerPosition, Entity, EntityDay
from encours.store.rows import select

_CREDITS = ("credit_note", "down_payment")
_BUCKETS = {"d1_30": (1, 30), "d31_60": (31, 60), "d61_90": (61, 90), "d91_plus": (91, None)}
_MONEY = ("not_due", *_BUCKETS, "credits", "unapplied")
_KEY = ["customer_id", "currency"]
#: Above this many customers their tables are read whole: cheaper than looking each up.
_MANY = 2_000


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
    receipts = _of("receipts", ids, ["customer_id", "currency", "booked_on", "amount", "unapplied"], "")
    columns = ["customer_id", "entity_id", "name", "collector", "credit_limit"]
    customers = _of("customers", ids, columns, "")
    return position_rows(items, receipts, customers, day)


def _of(name: str, ids: pl.Series, columns: list[str], more: str) -> pl.DataFrame:
    """Current rows of the customers: by their index, or the whole table where they are many."""
    where = " AND ".join(part for part in ("t.is_current", more) if part)
    model = FACTS[name]
    if ids.len() > _MANY:
        rows = select(model, columns, where)
        return rows.filter(pl.col("customer_id").is_in(ids.implode()))
    with bulk.keys(ids) as staged:
        return select(model, columns, where, (), f"JOIN {staged} k ON t.customer_id = k.key")


def position_rows(items: pl.DataFrame, receipts: pl.DataFrame, customers: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row a customer and currency in the columns of CustomerPosition.

    `items`: customer_id, currency, kind, due_on, open (Int64, not 0). `receipts`: customer_id, currency, booked_on,
    amount, unapplied. `customers`: customer_id, entity_id, name, collector, credit_limit. An item whose customer is
    unknown still counts, under its own id. Credits and unapplied money are negative; balance is the sum of all.
    """
    late = (pl.lit(day) - pl.col("due_on")).dt.total_days()
    credit = pl.col("kind").is_in(_CREDITS) | (pl.col("open") < 0)
    owed = items.group_by(_KEY).agg(
        not_due=pl.col("open").filter(~credit & (late <= 0)).sum(),
        **{
            name: pl.col("open").filter(~credit & (late >= low) & (late <= high if high else True)).sum()
            for name, (low, high) in _BUCKETS.items()
        },
        credits=pl.col("open").filter(credit).sum(),
        open_items=pl.len().cast(pl.Int64),
        oldest_due_on=pl.col("due_on").filter(~credit & (late > 0)).min(),
    )
    held = receipts.group_by(_KEY).agg(
        unapplied=-pl.col("unapplied").sum(),
        last_receipt_on=pl.col("booked_on").filter(pl.col("amount") > 0).max(),
    )
    rows = owed.join(held, on=_KEY, how="full", coalesce=True, nulls_equal=True)
    rows = rows.join(customers, on="customer_id", how="left")
    filled = rows.with_columns(
        pl.col(*_MONEY, "open_items").fill_null(0),
        name=pl.coalesce("name", "customer_id"),
        entity_id=pl.coalesce("entity_id", pl.col("customer_id").str.split(":").list.first()),
        day=pl.lit(day),
        dso_days=pl.lit(None, dtype=pl.Float64),
    )
    total = pl.sum_horizontal(_MONEY)
    return filled.with_columns(overdue=pl.sum_horizontal(list(_BUCKETS)), balance=total, exposure=total)


def record_days(entity_ids: Sequence[str], day: date) -> None:
    """Each entity's figures of the day in each currency, as the sum of its positions."""
    wanted = [entity for entity in entity_ids if Entity.objects.filter(pk=entity).exists()]
    columns = ["entity_id", "currency", "overdue", "balance", "open_items", *_MONEY]
    for entity_id in wanted:
        rows = select(CustomerPosition, columns, "t.entity_id = %s", [entity_id])
        sums = rows.group_by("entity_id", "currency").agg(pl.exclude("entity_id", "currency").sum())
        for figures in sums.iter_rows(named=True):
            owner, currency = figures.pop("entity_id"), figures.pop("currency")
            figures["outstanding"] = figures.pop("balance")
            EntityDay.objects.update_or_create(
                entity_id=owner, currency=currency, day=day, defaults={"figures": figures}
            )
