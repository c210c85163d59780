"""Positions of a past day: the same columns as today's, out of the store's Parquet copies, kept for the next page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

import polars as pl

from encours.core.base import balance, versions
from encours.core.base.schema import TABLES, Table
from encours.store import parquet
from encours.store.models import Customer
from encours.usecases.viewing import Viewing

_NEEDED = {
    "items": ["item_id", "entity_id", "customer_id", "issued_on", "due_on", "posted_on", "kind", "amount", "currency"],
    "receipts": ["receipt_id", "entity_id", "customer_id", "booked_on", "posted_on", "amount", "currency"],
    "allocations": [
        "allocation_id",
        "receipt_id",
        "item_id",
        "credit_item_id",
        "amount",
        "receipt_amount",
        "kind",
        "allocated_on",
        "reversed_on",
    ],
    "customers": ["customer_id", "entity_id", "name", "collector", "credit_limit"],
}
_CREDITS = ("credit_note", "down_payment")


def read_past(name: str, viewing: Viewing, rows: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None) -> pl.LazyFrame:
    """A table on the viewing's day, in its reading; `rows` cuts the versions down before (by customer or item)."""
    frame = parquet.scan(name, viewing.entity_ids)
    return _on_day(TABLES[name], rows(frame) if rows else frame, viewing.day, viewing.reading)


def past_positions(viewing: Viewing) -> pl.DataFrame:
    """One row a customer and currency in the columns of `positions.COLUMNS`, as the actor may see them today."""
    stamps = tuple((entity_id, parquet.ensure(entity_id).token) for entity_id in sorted(viewing.entity_ids))
    frame = _positions(stamps, viewing.day, viewing.reading)
    if not viewing.limited():
        return frame
    mine = viewing.facts(Customer).values_list("customer_id", flat=True)
    return frame.filter(pl.col("customer_id").is_in(pl.Series(list(mine), dtype=pl.String).implode()))


def _on_day(table: Table, frame: pl.LazyFrame, day: date, reading: str) -> pl.LazyFrame:
    read = versions.as_booked if reading == "booked" else versions.as_known
    return read(table, frame, day)


@lru_cache(maxsize=8)
def _positions(stamps: tuple[tuple[str, str], ...], day: date, reading: str) -> pl.DataFrame:
    entities = [entity_id for entity_id, _ in stamps]

    def read(name: str) -> pl.LazyFrame:
        columns = [*_NEEDED[name], "known_on", "voided"]
        return _on_day(TABLES[name], parquet.scan(name, entities).select(columns), day, reading)

    items = balance.with_open(read("items"), read("allocations")).filter(pl.col("open") != 0)
    receipts = read("receipts")
    free = balance.with_unapplied(receipts, read("allocations")).filter(
        (pl.col("unapplied") != 0) & pl.col("customer_id").is_not_null()
    )
    key = ["customer_id", "currency"]
    owed = items.group_by(key).agg(*_sums(day))
    held = free.group_by(key).agg(unapplied=-pl.col("unapplied").sum())
    last = receipts.filter(pl.col("customer_id").is_not_null() & (pl.col("amount") > 0))
    last_on = last.group_by(key).agg(last_receipt_on=pl.col("booked_on").max())
    rows = owed.join(held, on=key, how="full", coalesce=True).join(last_on, on=key, how="left")
    return _finished(rows, read("customers")).collect()


def _sums(day: date) -> list[pl.Expr]:
    late = (pl.lit(day) - pl.col("due_on")).dt.total_days()
    credit = pl.col("kind").is_in(_CREDITS) | (pl.col("open") < 0)

    def between(low: int | None, high: int | None) -> pl.Expr:
        inside = ~credit
        if low is not None:
            inside &= late >= low
        if high is not None:
            inside &= late <= high
        return pl.col("open").filter(inside).sum()

    return [
        between(None, 0).alias("not_due"),
        between(1, 30).alias("d1_30"),
        between(31, 60).alias("d31_60"),
        between(61, 90).alias("d61_90"),
        between(91, None).alias("d91_plus"),
        pl.col("open").filter(credit).sum().alias("credits"),
        pl.len().cast(pl.Int64).alias("open_items"),
        pl.col("due_on").filter(~credit & (late > 0)).min().alias("oldest_due_on"),
    ]


def _finished(rows: pl.LazyFrame, customers: pl.LazyFrame) -> pl.LazyFrame:
    money = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "credits", "unapplied", "open_items")
    known = customers.select("customer_id", "entity_id", "name", "collector", "credit_limit")
    filled = rows.with_columns(pl.col(*money).fill_null(0)).join(known, on="customer_id", how="left")
    overdue = pl.sum_horizontal("d1_30", "d31_60", "d61_90", "d91_plus")
    total = pl.sum_horizontal("not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "credits", "unapplied")
    return filled.with_columns(
        overdue=overdue,
        balance=total,
        exposure=total,
        dso_days=pl.lit(None, dtype=pl.Float64),
        entity_id=pl.coalesce("entity_id", pl.col("customer_id").str.split(":").list.first()),
        name=pl.coalesce("name", "customer_id"),
    )
