"""Frames into tables in bulk, inside Django's transaction: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

import polars as pl
from django.db import connection, models

_SLICE = 25_000  # rows as Python objects weigh a kilobyte each
_NULL = "\\N"
_FIRST_LOAD_ROWS = 50_000
#: From so many rows on the planner's figures of a table are taken anew: its own round may come minutes later.
_TELLING_ROWS = 10_000
_STAGE = count()


def is_postgres() -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.vendor == "postgresql"


def scanned() -> str:
    """What a statement says after a table that it reads whole.

    SQLite keeps no figures of its tables: it takes a partial index for less work and looks up every row of it.
    """
    return "" if is_postgres() else " NOT INDEXED"


def insert(model: type[models.Model], rows: pl.DataFrame) -> None:
    """Every row of the frame as a new row of the model's table; absent columns take the field's default.

    Columns are named as the model's attributes. Raises ValueError for a column that the model lacks.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    if unknown := [name for name in rows.columns if name not in fields]:
        raise ValueError(f"{model.__name__} has no column {', '.join(unknown)}")
    absent = {
        str(field.column): field.get_default()
        for name, field in fields.items()
        if name not in rows.columns and field.has_default()
    }
    if rows.height:
        # A column of nothing need not be said for every row.
        empty = [name for name in rows.columns if rows[name].null_count() == rows.height and fields[name].null]
        rows = rows.drop(empty).rename({name: str(fields[name].column) for name in rows.columns if name not in empty})
        _write(_quoted(model._meta.db_table), rows, absent)
        if rows.height >= _TELLING_ROWS:
            _measure(_quoted(model._meta.db_table))


def _measure(table: str) -> None:
    """Lets PostgreSQL take its figures of a table; without them its planner guesses a thousand rows."""
    if is_postgres():
        execute(f"ANALYZE {table}")


def _write(table: str, rows: pl.DataFrame, absent: dict[str, Any] | None = None) -> None:
    absent = absent or {}
    with connection.cursor() as cursor:
        if is_postgres():
            names = ", ".join(_quoted(column) for column in [*rows.columns, *absent])
            same = [pl.lit(value).alias(column) for column, value in absent.items()]
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL '{_NULL}')") as copy:
                for part in rows.iter_slices(_SLICE):
                    copy.write(_as_csv(part.with_columns(same)))
            return
        same_of_all = {**{name: rows[name][0] for name in rows.columns if _is_constant(rows[name])}, **absent}
        rest = rows.drop([name for name in same_of_all if name in rows.columns])
        if not rest.width:  # there must be something to say of each row
            same_of_all, rest = {}, rows.with_columns(pl.lit(value).alias(name) for name, value in absent.items())
        names = ", ".join(_quoted(column) for column in [*rest.columns, *same_of_all])
        values = ", ".join(["%s"] * rest.width + [_literal(value) for value in same_of_all.values()])
        with _uncollected():
            for part in rest.iter_slices(_SLICE):
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", _as_plain(part).rows())


_SHORT = 64


def _is_constant(values: pl.Series) -> bool:
    """Whether all rows say the same short thing, so that the statement can say it once."""
    first = values[0]
    if values.null_count() or not isinstance(first, str | int | date):
        return False
    if isinstance(first, str) and (len(first) > _SHORT or "\x00" in first):
        return False
    return bool((values == first).all())


def _literal(value: Any) -> str:
    """A value as it stands in a statement that has parameters too."""
    if isinstance(value, bool | int):
        return str(int(value))
    if value is None:
        return "NULL"
    text = str(value).replace("'", "''").replace("%", "%%")
    return f"'{text}'"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's collector: it would walk through every row of a slice, over and over, and find no cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def first_load(model: type[models.Model], rows: int) -> Iterator[None]:
    """Builds SQLite's indexes once after a large first load instead of row by row; a killed process leaves neither.

    Sorting beats as many insertions at random places by far. Does nothing where the table already holds rows.
    """
    table = model._meta.db_table
    if is_postgres() or rows < _FIRST_LOAD_ROWS or model._default_manager.exists():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", [table])
        indexes = [(name, sql) for name, sql in cursor.fetchall() if sql]
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {_quoted(name)}")
        yield
        cursor.execute("PRAGMA threads = 2")  # sorts beside the reading where SQLite was built with threads
        for _, sql in indexes:
            cursor.execute(sql)
        cursor.execute("PRAGMA threads = 0")


def update(model: type[models.Model], rows: pl.DataFrame, key: str = "id") -> None:
    """Sets the frame's other columns on the rows whose `key` it names: for projections, never for facts."""
    others = [name for name in rows.columns if name != key]
    if not rows.height or not others:
        return
    table = _quoted(model._meta.db_table)
    if is_postgres():
        with staged(rows) as name, connection.cursor() as cursor:
            sets = ", ".join(f"{_quoted(other)} = staged.{_quoted(other)}" for other in others)
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM {name} staged WHERE {table}.{_quoted(key)} = staged.{_quoted(key)}"
            )
        return
    sets = ", ".join(f"{_quoted(name)} = %s" for name in others)
    with connection.cursor() as cursor, _uncollected():
        for part in rows.select([*others, key]).iter_slices(_SLICE):
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {_quoted(key)} = %s", _as_plain(part).rows())


@contextmanager
def keys(values: pl.Series) -> Iterator[str]:
    """A temporary table with the one column `key` holding the distinct texts; the name to join with."""
    with staged(pl.DataFrame({"key": values.cast(pl.String).drop_nulls().unique()})) as name:
        yield name


_SQL_TYPES = {
    pl.String(): "text",
    pl.Boolean(): "boolean",
    pl.Date(): "date",
    pl.Float64(): "double precision",
}


def _sql_type(dtype: pl.DataType) -> str:
    return "bigint" if dtype.is_integer() else _SQL_TYPES[dtype]


@contextmanager
def staged(rows: pl.DataFrame) -> Iterator[str]:
    """The frame as a temporary table for as long as the block; its name."""
    name = f"encours_staged_{next(_STAGE)}"  # two may stand at once, each under its own name
    columns = ", ".join(f"{_quoted(column)} {_sql_type(dtype)}" for column, dtype in rows.schema.items())
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
        if rows.height:
            _write(name, rows)
        _measure(name)
        yield name
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {name}")


def _as_plain(rows: pl.DataFrame) -> pl.DataFrame:
    """As SQLite keeps them: dates as ISO text, truth as 0 and 1."""
    return rows.with_columns(
        pl.selectors.date().dt.to_string("%Y-%m-%d"), pl.selectors.boolean().cast(pl.Int8)
    )  # a date adapter in Python costs more than the insert


def _as_csv(rows: pl.DataFrame) -> bytes:
    # PostgreSQL has no NUL character in texts. Texts are quoted, so that an empty one is not a null one.
    texts = pl.selectors.string()
    clean = rows.with_columns(texts.str.replace_all("\x00", "", literal=True))
    return clean.write_csv(include_header=False, null_value=_NULL, quote_style="non_numeric").encode()


def fit(model: type[models.Model], rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with texts cut to the length their columns hold, and how many were cut per column."""
    cut: dict[str, int] = {}
    limits: dict[str, int] = {
        field.attname: field.max_length
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField) and field.max_length and field.attname in rows.columns
    }
    if not limits or not rows.height:
        return rows, cut
    longest = rows.select(pl.col(name).str.len_chars().max() for name in limits).row(0, named=True)
    for name, limit in limits.items():
        if (longest[name] or 0) > limit:
            cut[name] = int((rows[name].str.len_chars() > limit).sum())
            rows = rows.with_columns(pl.col(name).str.slice(0, limit))
    return rows, cut


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def lock(name: str) -> None:
    """Waits until nobody else holds this name; held until the transaction ends.

    SQLite needs nothing: its writing transactions begin IMMEDIATE and stand in line.
    """
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"encours:{name}"])


def execute(sql: str, parameters: list[Any] | None = None) -> None:
    """One statement without a result."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or [])
