"""An entity's figures at the end of a past day, by accounting date, out of the copies: what trends are drawn from."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base import balance, versions
from encours.core.base.schema import TABLES
from encours.store import parquet
from encours.store.models import EntityDay
from encours.usecases.recompute_positions import entity_figures, position_rows
from encours.usecases.sales_history import keep_dso, no_sales


def record_past_day(entity_id: str, day: date) -> int:
    """Keeps the figures of the day; 1 where there was a book by then, else 0."""
    rows = _past_positions(entity_id, day)
    for currency, figures in entity_figures(rows).get(entity_id, {}).items():
        EntityDay.objects.update_or_create(
            entity_id=entity_id,
            currency=currency,
            day=day,
            defaults={"figures": keep_dso(entity_id, currency, day, figures)},
        )
    return 1 if rows.height else 0


def _past_positions(entity_id: str, day: date) -> pl.DataFrame:
    def read(name: str) -> pl.LazyFrame:
        return versions.as_booked(TABLES[name], parquet.scan(name, [entity_id]), day)

    items = balance.with_open(read("items"), read("allocations")).filter(pl.col("open") != 0)
    receipts = balance.with_unapplied(read("receipts"), read("allocations"))
    customers = versions.current(TABLES["customers"], parquet.scan("customers", [entity_id]))
    wanted = [
        items.select("customer_id", "currency", "kind", "due_on", "open"),
        receipts.filter(pl.col("customer_id").is_not_null())
        .group_by("customer_id", "currency")
        .agg(
            unapplied=-pl.col("unapplied").sum(),
            last_receipt_on=pl.col("booked_on").filter(pl.col("amount") > 0).max(),
        ),
        customers.select("customer_id", "entity_id", "name", "collector", "credit_limit"),
    ]
    owed, held, known = pl.collect_all(wanted)
    return position_rows(owed, held, known, no_sales(), day)
