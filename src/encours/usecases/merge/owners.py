"""Which entity each fact belongs to: its own word, else its customer's, its item's, its statement's entity."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import ISSUE_SCHEMA, concat_issues, no_issues
from encours.core.base.schema import TABLES
from encours.store import frames
from encours.store.parquet import COPIED, NOBODY

#: Whose entity a fact without one of its own takes: the column that names the owner, and the owner's table.
_OWNERS = (
    ("customer_id", "customers", "customer_id"),
    ("item_id", "items", "item_id"),
    ("instrument_id", "instruments", "instrument_id"),
    ("statement_id", "receipts", "statement_id"),
)


def with_entities(book: Book, default: str | None) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Every copied table of the Book with a column entity_id, and an issue for each row whose entity nobody knows.

    `default` is taken where nothing says otherwise; without it the entity of a book that has only one.
    """
    if default is None and book.entities["entity_id"].n_unique() == 1:
        default = book.entities["entity_id"][0]
    tables: dict[str, pl.DataFrame] = {}
    issues = []
    for name in COPIED:
        rows = book.table(name)
        if not rows.height:
            continue
        if name == "rates":
            tables[name] = rows.with_columns(entity_id=pl.lit(NOBODY))
            continue
        rows = _owned(name, rows, book, tables)
        rows = rows.with_columns(pl.col("entity_id").fill_null(pl.lit(default, dtype=pl.String)))
        if rows["entity_id"].null_count():
            issues.append(_ownerless(name, rows.filter(pl.col("entity_id").is_null())))
            rows = rows.filter(pl.col("entity_id").is_not_null())
        tables[name] = rows
    return tables, concat_issues(issues)


def _owned(name: str, rows: pl.DataFrame, book: Book, done: dict[str, pl.DataFrame]) -> pl.DataFrame:
    if "entity_id" not in rows.columns:
        rows = rows.with_columns(entity_id=pl.lit(None, dtype=pl.String))
    if name == "events":
        rows = rows.with_columns(
            customer_id=pl.when(subject="customer").then("subject_id"),
            item_id=pl.when(subject="item").then("subject_id"),
        )
    for column, owner, key in _OWNERS:
        if rows["entity_id"].null_count() and column in rows.columns and owner != name:
            rows = _filled(rows, column, owner, key, done.get(owner, book.table(owner)))
    return rows.drop("customer_id", "item_id") if name == "events" else rows


def _filled(rows: pl.DataFrame, column: str, owner: str, key: str, incoming: pl.DataFrame) -> pl.DataFrame:
    named = {column: key, "_owner": "entity_id"}
    missing = rows.filter(pl.col("entity_id").is_null())[column].drop_nulls().unique()
    parts = []
    if "entity_id" in incoming.columns:
        parts.append(incoming.select(**named))
        missing = missing.filter(~missing.is_in(incoming[key].drop_nulls().implode()))
    if key == TABLES[owner].key[0]:
        parts.append(frames.versions(owner, missing, [key, "entity_id"], current=True).select(**named))
    known = pl.concat(parts).filter(pl.col("_owner").is_not_null()).unique(column, keep="first")
    joined = rows.join(known, on=column, how="left", maintain_order="left")
    return joined.with_columns(entity_id=pl.coalesce("entity_id", "_owner")).drop("_owner")


def _ownerless(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    if not rows.height:
        return no_issues()
    return rows.select(
        file=pl.lit(None, dtype=pl.String),
        line=pl.lit(None, dtype=pl.Int64),
        code=pl.lit("no_entity"),
        severity=pl.lit("error"),
        message=pl.lit("nothing says which entity this belongs to"),
        action=pl.lit("Choose the entity of this import."),
        table=pl.lit(name),
        key=pl.col(TABLES[name].key[0]),
    ).select(list(ISSUE_SCHEMA))
