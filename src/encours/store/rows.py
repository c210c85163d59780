"""Rows of a table as a frame: a cursor's tuples on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from django.db import connection, models

from encours.store import bulk

_FETCH = 100_000
_NULL = "\\N"


def dtype_of(field: models.Field[Any, Any]) -> pl.DataType:
    """The Polars type of a column."""
    kinds: list[tuple[type[Any], pl.DataType]] = [
        (models.BooleanField, pl.Boolean()),
        (models.DateTimeField, pl.String()),
        (models.DateField, pl.Date()),
        (models.FloatField, pl.Float64()),
        (models.IntegerField, pl.Int64()),
        (models.CharField, pl.String()),
        (models.TextField, pl.String()),
    ]
    return next((dtype for kind, dtype in kinds if isinstance(field, kind)), pl.String())


def select(
    model: type[models.Model],
    columns: Sequence[str],
    where: str = "",
    parameters: Sequence[Any] = (),
    join: str = "",
) -> pl.DataFrame:
    """Rows of a model's table as a frame, in the order they were written; `where` and `join` speak of it as `t`.

    Columns are the model's attributes; types follow its fields. Parameters stand as %s.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    schema = {name: dtype_of(fields[name]) for name in columns}
    wanted = ", ".join(_out(str(fields[name].column), schema[name]) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    primary = connection.ops.quote_name(str(model._meta.pk.column))
    sql = f"SELECT {wanted} FROM {table} t {join} {'WHERE ' + where if where else ''} ORDER BY t.{primary}"
    return fetch(sql, parameters, schema)


def fetch(sql: str, parameters: Sequence[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """What a SELECT gives, typed by the schema; on PostgreSQL truths are cast to int by the statement."""
    return _fetch_postgres(sql, parameters, schema) if bulk.is_postgres() else _fetch_sqlite(sql, parameters, schema)


def _out(column: str, dtype: pl.DataType) -> str:
    quoted = f"t.{connection.ops.quote_name(column)}"
    if bulk.is_postgres():
        return f"{quoted}::int" if dtype == pl.Boolean() else quoted
    # An expression has no declared type, so that the driver leaves dates and truths to Polars.
    return f"+{quoted}" if dtype in (pl.Boolean(), pl.Date()) else quoted


def _fetch_sqlite(sql: str, parameters: Sequence[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    raw = {
        name: pl.String() if dtype == pl.Date() else pl.Int64() if dtype == pl.Boolean() else dtype
        for name, dtype in schema.items()
    }
    parts = []
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        while rows := cursor.fetchmany(_FETCH):
            parts.append(_typed(pl.DataFrame(rows, schema=raw, orient="row"), schema))
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _fetch_postgres(sql: str, parameters: Sequence[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    raw = {name: pl.Int64() if dtype == pl.Boolean() else dtype for name, dtype in schema.items()}
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        statement = f"COPY ({sql}) TO STDOUT (FORMAT csv, NULL '{_NULL}', FORCE_QUOTE *)"
        with cursor.copy(statement, list(parameters) or None) as copy:
            for part in copy:
                buffer.write(part)
    if not buffer.tell():
        return pl.DataFrame(schema=schema)
    buffer.seek(0)
    rows = pl.read_csv(buffer, has_header=False, schema=raw, null_values=[_NULL], empty_string_is_null=False)
    return _typed(rows, schema)


def _typed(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return rows.with_columns(
        pl.col(name).str.to_date("%Y-%m-%d") if rows.schema[name] == pl.String() else pl.col(name).cast(dtype)
        for name, dtype in schema.items()
        if rows.schema[name] != dtype
    )
