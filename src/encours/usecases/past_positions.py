"""Positions of a past day: the same columns as today's, out of the store's Parquet copies, kept for the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

import polars as pl

from encours.core.base import versions
from encours.core.base.schema import TABLES, Table
from encours.core.metrics.ageing import KEY, bucket_names, of_standing
from encours.core.metrics.standing import RECEIPT_COLUMNS, Reading, Standing, standing
from encours.store import parquet
from encours.store.models import Customer, FactStamp
from encours.usecases.positions import COLUMNS
from encours.usecases.viewing import Viewing

_RECEIPT = ("receipt_id", "booked_on", "kind", "amount")
_CUSTOMER = ["customer_id", "entity_id", "name", "collector", "credit_limit", "known_on", "voided"]


def read_past(name: str, viewing: Viewing, rows: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None) -> pl.LazyFrame:
    """A table on the viewing's day, in its reading; `rows` cuts the versions down before (by customer or item)."""
    frame = parquet.scan(name, viewing.entity_ids)
    return _on_day(TABLES[name], rows(frame) if rows else frame, viewing.day, viewing.reading)


def past_positions(viewing: Viewing) -> pl.DataFrame:
    """One row a customer and currency in the columns of `positions.COLUMNS`, as the actor may see them today."""
    frame = _positions(_stamps(viewing.entity_ids), viewing.day, viewing.reading)
    mine = in_portfolio(viewing)
    return frame if mine is None else frame.filter(mine)


def in_portfolio(viewing: Viewing) -> pl.Expr | None:
    """Whether a row's customer is one that the actor may see; None where every customer is."""
    if not viewing.limited():
        return None
    ids = viewing.facts(Customer).values_list("customer_id", flat=True)
    return pl.col("customer_id").is_in(pl.Series(list(ids), dtype=pl.String).implode())


def _on_day(table: Table, frame: pl.LazyFrame, day: date, reading: str) -> pl.LazyFrame:
    read = versions.as_booked if reading == "booked" else versions.as_known
    return read(table, frame, day)


def _stamps(entity_ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each entity with the token of its last change: what was worked out before holds until one of them moves."""
    rows = FactStamp.objects.filter(entity_id__in=list(entity_ids)).order_by("number")
    last = dict(rows.values_list("entity_id", "token"))
    return tuple((entity_id, last.get(entity_id, "")) for entity_id in sorted(entity_ids))


def past_standing(viewing: Viewing) -> Standing:
    """Open items and unapplied receipts of the viewing's day over all its entities, whoever may see which."""
    return _standing(_stamps(viewing.entity_ids), viewing.day, viewing.reading)


@lru_cache(maxsize=4)
def _standing(stamps: tuple[tuple[str, str], ...], day: date, reading: str) -> Standing:
    entities = [entity_id for entity_id, _ in stamps]
    items, allocations, receipts = parquet.scan_tables(("items", "allocations", "receipts"), entities).values()
    as_read: Reading = "booked" if reading == "booked" else "known"
    columns = (*RECEIPT_COLUMNS, *_RECEIPT)
    return standing(items, allocations, receipts, day, as_read, receipt_columns=columns)


@lru_cache(maxsize=8)
def _positions(stamps: tuple[tuple[str, str], ...], day: date, reading: str) -> pl.DataFrame:
    stood = _standing(stamps, day, reading)
    owed = of_standing(stood, day).filter(pl.col("customer_id").is_not_null())
    counts = stood.items.group_by(KEY).agg(open_items=pl.len().cast(pl.Int64))
    owed = owed.join(counts, on=list(KEY), how="left").with_columns(pl.col("open_items").fill_null(0))
    entities = [entity_id for entity_id, _ in stamps]
    customers = parquet.scan("customers", entities).select(_CUSTOMER)
    known = versions.current(TABLES["customers"], customers).drop("entity_id", "known_on", "voided").collect()
    rows = owed.join(known, on="customer_id", how="left")
    overdue = pl.sum_horizontal(name for name in bucket_names()[1:])
    return rows.with_columns(
        overdue=overdue,
        balance=pl.col("total"),
        exposure=pl.col("total"),
        credits=pl.col("credits") + pl.col("advances"),
        name=pl.coalesce("name", "customer_id"),
        oldest_due_on=pl.when(overdue > 0).then(pl.col("oldest_on")),
        # What a past day does not know of a customer is said as unknown, not as nothing.
        dso_days=pl.lit(None, dtype=pl.Float64),
        last_receipt_on=pl.lit(None, dtype=pl.Date),
    ).select(COLUMNS)
