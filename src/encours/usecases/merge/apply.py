"""Writing a plan: new rows, retired versions, projections and stamps, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from django.db import connection

from encours.core.base.schema import TABLES
from encours.store import bulk, parquet
from encours.store.models import FACTS, Entity, FactStamp
from encours.usecases.merge.diff import Difference
from encours.usecases.merge.plan import Origin, Plan
from encours.usecases.merge.projections import Touched, project, with_number_key


@dataclass(frozen=True)
class Merged:
    """What was written: the stamps of each entity with the rows they cover (for the copies), the customers touched."""

    stamps: tuple[FactStamp, ...]
    rows: Mapping[str, pl.DataFrame]
    customers: pl.Series
    issues: pl.DataFrame

    def extend_copies(self) -> None:
        """Lets the copies in Parquet follow; called after the commit. Where it never comes so far, readers catch up."""
        for stamp in self.stamps:
            parts = {name: _of_entity(rows, stamp.entity_id) for name, rows in self.rows.items()}
            parquet.extend(stamp, {name: part for name, part in parts.items() if part.height})


def _of_entity(rows: pl.DataFrame, entity_id: str) -> pl.DataFrame:
    own = rows["entity_id"] == entity_id
    return rows if own.all() else rows.filter(own)  # most imports are of one entity: no second copy of all their rows


def apply(plan: Plan, origin: Origin, at: datetime) -> Merged:
    """Writes the plan. The caller holds a transaction and the locks of the plan's entities (`lock`)."""
    if not connection.in_atomic_block:
        raise RuntimeError("a merge is all or nothing: it needs a transaction")
    for row in plan.entities.iter_rows(named=True):
        Entity.objects.update_or_create(entity_id=row.pop("entity_id"), defaults=row)
    touched = project(plan.tables)
    written: dict[str, pl.DataFrame] = {}
    with _roomy_cache():
        for name, part in plan.tables.items():
            if part.rows.height:
                written[name] = part.rows
                with bulk.first_load(FACTS[name], part.rows.height):
                    bulk.insert(FACTS[name], _at_rest(name, part, touched, origin))
            if part.retired.len():
                bulk.update(FACTS[name], pl.DataFrame({"id": part.retired}).with_columns(is_current=pl.lit(False)))
        bulk.update(FACTS["items"], touched.open_of_stored)
        bulk.update(FACTS["receipts"], touched.unapplied_of_stored)
    owners = sorted({e for rows in written.values() for e in rows["entity_id"].unique().to_list()})
    stamps = tuple(parquet.stamp(entity_id, at, origin.import_id) for entity_id in owners)
    return Merged(stamps, written, touched.customers, touched.issues)


def append(name: str, rows: pl.DataFrame, at: datetime) -> FactStamp:
    """Writes facts of one entity whose ids are new, in a table that no projection adds up (touches).

    The same as `apply` for what comes one by one and often. The caller holds a transaction and the entity's lock, and
    lets the copies catch up.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("facts and what they tell of are written together: they need a transaction")
    bulk.insert(FACTS[name], rows.with_columns(is_current=pl.lit(True)))
    return parquet.stamp(rows["entity_id"][0], at, names=[name])


def lock(plan: Plan) -> None:
    """One writer an entity at a time; always in the same order, so that two never wait for each other."""
    for entity_id in sorted({*plan.entity_ids, parquet.NOBODY}):
        parquet.lock_entity(entity_id)


class _roomy_cache:  # noqa: N801  # a context manager reads as a verb
    """SQLite with room for the indexes of a large load while it lasts."""

    def __enter__(self) -> None:
        self._set(-131_072)

    def __exit__(self, *_: object) -> None:
        self._set(-65_536)

    def _set(self, size: int) -> None:
        if not bulk.is_postgres():
            bulk.execute(f"PRAGMA cache_size = {size}")


def _at_rest(name: str, part: Difference, touched: Touched, origin: Origin) -> pl.DataFrame:
    """The rows with their origin and projections, in an order that the first index likes."""
    rows = part.rows.with_columns(import_id=pl.lit(origin.import_id, dtype=pl.Int64))
    rows = _with_lines(name, rows, origin)
    if name == "items":
        rows = with_number_key(_projected(rows, touched.open_of_new, "item_id", "open"))
    elif name == "receipts":
        rows = _projected(rows, touched.unapplied_of_new, "receipt_id", "unapplied")
    return rows


def _projected(rows: pl.DataFrame, values: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    # Only the key goes through the join: a million rows with all their texts need not be laid out anew.
    joined = rows.select(key, "is_current").join(values, on=key, how="left", maintain_order="left")
    found = joined.select(pl.when("is_current").then(pl.col(name)).otherwise(0).fill_null(0).alias(name))
    return rows.with_columns(found.to_series())


def _with_lines(name: str, rows: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    if origin.lines is None:
        return rows
    lines = origin.lines.filter(pl.col("table") == name).select("key", "file_id", "line").unique("key", keep="last")
    if not lines.height:
        return rows
    key = pl.concat_str([pl.col(column).cast(pl.String) for column in TABLES[name].key], separator="|")
    found = rows.select(key=key).join(lines, on="key", how="left", maintain_order="left")
    return rows.with_columns(found["file_id"], found["line"])
