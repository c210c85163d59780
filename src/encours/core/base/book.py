"""The Book: an immutable set of frames that every engine reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property

import polars as pl

from encours.core.base import balance, groups, versions
from encours.core.base.check import check_book
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES, BookSchemaError, Table

_Reading = Callable[[Table, pl.DataFrame, bool], pl.LazyFrame]


@dataclass(frozen=True, eq=False)
class Book:
    """Frames with the schemas of `schema.TABLES`; build one with `Book.of(items=…)`.

    A field holds all versions of its rows as they were given; `current()`, `as_of(day)` and `as_booked(day)`
    give a Book with one row an id, which is what engines take.
    """

    entities: pl.DataFrame
    customers: pl.DataFrame
    customer_links: pl.DataFrame
    payer_aliases: pl.DataFrame
    contacts: pl.DataFrame
    items: pl.DataFrame
    documents: pl.DataFrame
    receipts: pl.DataFrame
    statements: pl.DataFrame
    allocations: pl.DataFrame
    instruments: pl.DataFrame
    instrument_items: pl.DataFrame
    promises: pl.DataFrame
    disputes: pl.DataFrame
    orders: pl.DataFrame
    touches: pl.DataFrame
    events: pl.DataFrame
    rates: pl.DataFrame

    @classmethod
    def of(cls, **tables: pl.DataFrame) -> Book:
        """A Book of the given frames; absent tables are empty.

        Raises BookSchemaError listing every unknown table, absent required column and wrong type.
        """
        faults = [f"{name} is not a table of the Book" for name in tables if name not in TABLES]
        for name, frame in tables.items():
            if name in TABLES:
                faults += TABLES[name].faults(frame)
        if faults:
            raise BookSchemaError(faults)
        return cls(
            **{name: table.conform(tables[name]) if name in tables else table.empty() for name, table in TABLES.items()}
        )

    @classmethod
    def concat(cls, books: Iterable[Book]) -> Book:
        """The rows of all books, in order; versions and duplicates stay."""
        parts = list(books)
        return cls.of(**{name: pl.concat([book.table(name) for book in parts]) for name in TABLES} if parts else {})

    def table(self, name: str) -> pl.DataFrame:
        """The frame of a table by its name. Raises CallError for an unknown one."""
        if name not in TABLES:
            raise CallError([f"{name} is not a table of the Book"])
        frame: pl.DataFrame = getattr(self, name)
        return frame

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table's frame by name, in the Book's order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def replace(self, **tables: pl.DataFrame) -> Book:
        """The same Book with some tables replaced."""
        return Book.of(**{**self.tables(), **tables})

    def current(self) -> Book:
        """One row an id: the last version of each, voided ids dropped."""
        return self._read(lambda table, rows, plain: versions.current(table, rows.lazy(), plain))

    def as_of(self, day: date) -> Book:
        """The Book as known at the end of `day` (tel que connu ce jour-là): nothing leaks from later."""

        def reading(table: Table, rows: pl.DataFrame, plain: bool) -> pl.LazyFrame:
            past = plain and versions.is_past(table, rows, day)  # nothing to leave out: no copy is made
            return rows.lazy() if past else versions.as_known(table, rows.lazy(), day, plain)

        return self._on_a_day(reading)

    def as_booked(self, day: date) -> Book:
        """The Book by accounting date (à date comptable): what the balance on `day` must tie to."""
        return self._on_a_day(lambda table, rows, plain: versions.as_booked(table, rows.lazy(), day, plain))

    def _read(self, reading: _Reading) -> Book:
        # Most books tell each fact once: looking whether a table does is a tenth of finding each id's last version.
        plans = [
            reading(table, frame, versions.is_plain(table, frame))
            for table, frame in ((TABLES[name], frame) for name, frame in self.tables().items())
        ]
        return Book(**dict(zip(TABLES, pl.collect_all(plans), strict=True)))

    def _on_a_day(self, reading: _Reading) -> Book:
        read = self._read(reading)
        acting = versions.acting(
            read.allocations, read.items["item_id"], read.receipts["receipt_id"] if self.receipts.height else None
        )
        return dataclasses.replace(read, allocations=acting)

    def open_items(self) -> pl.DataFrame:
        """Items with `open` (Int64, minor units of the item's currency). Call it on a read Book."""
        return self._open_items

    def unapplied_receipts(self) -> pl.DataFrame:
        """Receipts with `unapplied` (Int64, minor units of the receipt's currency)."""
        return self._unapplied_receipts

    # A Book does not change: who asks again (a figure, then the check of it) gets what was found.
    @cached_property
    def _open_items(self) -> pl.DataFrame:
        settled = _beside(self.items, "item_id", balance.settled_by_item(self.allocations.lazy()))
        return self.items.with_columns(open=pl.col("amount") - settled)

    @cached_property
    def _unapplied_receipts(self) -> pl.DataFrame:
        applied = _beside(self.receipts, "receipt_id", balance.applied_by_receipt(self.allocations.lazy()))
        return self.receipts.with_columns(unapplied=pl.col("amount") - applied)

    def balances(self) -> pl.DataFrame:
        """customer_id, currency, balance: open items less unapplied receipts of the customer."""
        return balance.customer_balances(self.open_items().lazy(), self.unapplied_receipts().lazy()).collect()

    def last_day(self) -> date | None:
        """The last day the book knows of: the default of `--as-of`. Due dates, promises and deadlines do not count."""
        told = self.events.filter(~pl.col("kind").str.starts_with("deadline:"))
        tables = {**self.tables(), "events": told}
        days = [
            frame.select(pl.max_horizontal(pl.col([*table.dated_by, "known_on"]).max())).item()
            for table, frame in ((TABLES[name], frame) for name, frame in tables.items())
            if table.dated_by and frame.height and table.name != "rates"
        ]
        return max((day for day in days if day is not None), default=None)

    def check(self) -> pl.DataFrame:
        """Everything wrong with the data, as an issue frame; never raises on data."""
        return check_book(self)

    def select(self, customer_ids: Iterable[str]) -> Book:
        """The part of the Book that belongs to some customers; entities and rates stay whole."""
        return groups.select_customers(self, customer_ids)

    def paying_groups(self) -> pl.DataFrame:
        """customer_id, group_id: customers that pay for each other share a group."""
        return groups.paying_groups(self.customers, self.customer_links)


def _beside(rows: pl.DataFrame, key: str, sums: pl.LazyFrame) -> pl.Series:
    """The sum of each row, 0 where it has none. Only the key is joined: a join copies every column it is given."""
    found = rows.lazy().select(key).join(sums, on=key, how="left", maintain_order="left")
    return found.select(pl.nth(1).fill_null(0)).collect().to_series()


def book_from(tables: Mapping[str, pl.DataFrame]) -> Book:
    """`Book.of` for a mapping."""
    return Book.of(**tables)
