"""Rows to frames, in bulk and only here: the Book's tables out of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
from django.db import connection

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.store import bulk, parquet
from encours.store.models import FACTS
from encours.store.rows import dtype_of, select


def fact_schema(name: str) -> dict[str, pl.DataType]:
    """The columns of a fact table at rest: the Book's, the entity, origin and projections, with the row's number."""
    return {field.attname: dtype_of(field) for field in FACTS[name]._meta.concrete_fields}


def read_table(name: str, entity_ids: Iterable[str] | None = None, current: bool = False) -> pl.DataFrame:
    """A table of the Book with all its versions (with `current`: the last one of each id), straight from the database.

    Rates belong to no entity and come whole.
    """
    model = FACTS[name]
    where, parameters = [], []
    if entity_ids is not None and name != "rates":
        wanted = sorted(set(entity_ids))
        where.append(f"t.entity_id IN ({', '.join(['%s'] * len(wanted)) or 'NULL'})")
        parameters += wanted
    if current and name != "entities":
        where.append("t.is_current")
    return select(model, list(TABLES[name].schema), " AND ".join(where), parameters)


def versions(name: str, ids: pl.Series, columns: Sequence[str], current: bool = False, by: str = "") -> pl.DataFrame:
    """The rows whose `by` (default: the table's first key column) is among `ids`, found by its index."""
    column = by or TABLES[name].key[0]
    if not ids.len():
        return pl.DataFrame(schema={n: t for n, t in fact_schema(name).items() if n in columns}).select(columns)
    with bulk.keys(ids) as staged:
        join = f"JOIN {staged} k ON t.{connection.ops.quote_name(column)} = k.{connection.ops.quote_name('key')}"
        return select(FACTS[name], columns, "t.is_current" if current else "", (), join)


def by_number(name: str, numbers: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    """The rows with these numbers (`id`)."""
    with bulk.staged(pl.DataFrame({"key": numbers.cast(pl.Int64)})) as staged:
        return select(FACTS[name], columns, "", (), f"JOIN {staged} k ON t.id = k.{connection.ops.quote_name('key')}")


def has_rows(name: str, entity_id: str) -> bool:
    """Whether the entity has any row in the table."""
    return FACTS[name]._default_manager.filter(entity_id=entity_id).exists()


def read_book(entity_ids: Iterable[str]) -> Book:
    """The Book of some entities with all its versions, from their copies in Parquet (brought up where they lag)."""
    return parquet.read_book(entity_ids)
