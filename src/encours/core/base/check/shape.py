"""Rows that are not whole: missing values, unknown words, two rows with one key, references to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.check.rule import found, rule
from encours.core.base.issue import Severity, concat_issues
from encours.core.base.money import EXPONENTS
from encours.core.base.schema import TABLES

if TYPE_CHECKING:
    from encours.core.base.book import Book

#: table.column -> the table whose rows it must name.
_REFERENCES = (
    ("customers", "entity_id", "entities"),
    ("customer_links", "customer_id", "customers"),
    ("customer_links", "other_id", "customers"),
    ("payer_aliases", "customer_id", "customers"),
    ("contacts", "customer_id", "customers"),
    ("items", "entity_id", "entities"),
    ("items", "customer_id", "customers"),
    ("documents", "item_id", "items"),
    ("receipts", "entity_id", "entities"),
    ("receipts", "customer_id", "customers"),
    ("receipts", "returns_receipt_id", "receipts"),
    ("receipts", "statement_id", "statements"),
    ("allocations", "receipt_id", "receipts"),
    ("allocations", "item_id", "items"),
    ("allocations", "credit_item_id", "items"),
    ("instruments", "customer_id", "customers"),
    ("instrument_items", "instrument_id", "instruments"),
    ("instrument_items", "item_id", "items"),
    ("promises", "customer_id", "customers"),
    ("promises", "item_id", "items"),
    ("disputes", "item_id", "items"),
    ("orders", "entity_id", "entities"),
    ("orders", "customer_id", "customers"),
    ("touches", "customer_id", "customers"),
    ("touches", "item_id", "items"),
)


#: Required columns that people read but no balance depends on: an empty one is a warning.
_DESCRIPTIVE = ("name", "number", "country", "source")


@rule
def missing_values(book: Book, now: Book) -> pl.DataFrame:
    """A column that every row needs is empty."""
    parts = []
    for name, frame in book.tables().items():
        key = pl.concat_str(TABLES[name].key, separator="|", ignore_nulls=True)
        for column in TABLES[name].required:
            bad = frame.filter(pl.col(column).is_null())
            severity: Severity = "warning" if column in _DESCRIPTIVE else "error"
            message, action = f"{column} is empty", f"Give the {column} of this row."
            parts.append(found(bad, name, key, "missing_value", message, action, severity))
    return concat_issues(parts)


@rule
def unknown_words(book: Book, now: Book) -> pl.DataFrame:
    """A column holds a word that the Book does not know."""
    parts = []
    for name, frame in book.tables().items():
        key = pl.concat_str(TABLES[name].key, separator="|", ignore_nulls=True)
        for column in TABLES[name].columns:
            if not column.words:
                continue
            bad = frame.filter(pl.col(column.name).is_not_null() & ~pl.col(column.name).is_in(column.words))
            words = ", ".join(column.words)
            message = pl.format("{} is not a known {}", column.name, pl.lit(column.name))
            parts.append(found(bad, name, key, "unknown_word", message, f"Use one of: {words}."))
    return concat_issues(parts)


@rule
def unknown_currencies(book: Book, now: Book) -> pl.DataFrame:
    """An amount is in a currency that ISO 4217 does not list."""
    parts = []
    for name, frame in book.tables().items():
        if "currency" not in frame.columns:
            continue
        key = pl.concat_str(TABLES[name].key, separator="|", ignore_nulls=True)
        bad = frame.filter(pl.col("currency").is_not_null() & ~pl.col("currency").is_in(list(EXPONENTS)))
        message = pl.format("{} is not an ISO 4217 currency", "currency")
        parts.append(found(bad, name, key, "unknown_currency", message, "Correct the currency code."))
    return concat_issues(parts)


@rule
def duplicates(book: Book, now: Book) -> pl.DataFrame:
    """Two rows have the same key and became known on the same day."""
    parts = []
    for name, frame in book.tables().items():
        table = TABLES[name]
        version = [*table.key, *(["known_on"] if table.versioned else [])]
        bad = frame.filter(pl.struct(version).is_duplicated()).unique(version, maintain_order=True)
        key = pl.concat_str(table.key, separator="|", ignore_nulls=True)
        parts.append(
            found(
                bad,
                name,
                key,
                "duplicate_key",
                "the same key stands twice",
                "Keep one row, or date the correction.",
            )
        )
    return concat_issues(parts)


@rule
def orphans(book: Book, now: Book) -> pl.DataFrame:
    """A row names a row that is not there."""
    parts = []
    for name, column, target in _REFERENCES:
        frame, other = now.table(name), now.table(target)
        if not frame.height or not frame[column].null_count() < frame.height:
            continue
        bad = frame.filter(pl.col(column).is_not_null()).join(
            other, left_on=column, right_on=TABLES[target].key[0], how="anti"
        )
        key = pl.concat_str(TABLES[name].key, separator="|", ignore_nulls=True)
        message = pl.format("{} {} is not in {}", pl.lit(column), column, pl.lit(target))
        parts.append(found(bad, name, key, "orphan", message, f"Load the missing row of {target}."))
    return concat_issues(parts)
