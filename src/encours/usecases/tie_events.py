"""Ties events that files tell of invoices and customers in their own way to those of a Book."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.core.identity.subjects import CUSTOMERS, ITEMS, known_subjects
from encours.core.matching.names import name_keys

#: Of these kinds each subject has one: a later file moves the day.
DEADLINES = "deadline:"


def tie_events(book: Book, named: pl.DataFrame) -> tuple[Book, pl.DataFrame]:
    """The Book with the events that tie to its own rows, and an issue for each that does not.

    A deadline that lies ahead is known since its invoice was made: it follows from the contract, and no file says when.
    """
    if not named.height:
        return book, no_issues()
    events, issues = tied(named, book.items.select(list(ITEMS)), book.customers)
    made = book.items.select(subject_id="item_id", since="issued_on").unique("subject_id", keep="last")
    dated = events.join(made, on="subject_id", how="left", maintain_order="left")
    since = pl.when(pl.col("kind").str.starts_with(DEADLINES)).then(pl.min_horizontal("on", "since"))
    return with_events(book, dated.with_columns(known_on=since)), issues


def tied(named: pl.DataFrame, items: pl.DataFrame, customers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`core.identity.subjects.known_subjects` of customers with their names as they are written."""
    keyed = customers.with_columns(name_key=name_keys(customers["name"])).select(list(CUSTOMERS))
    return known_subjects(named, name_keys(named["customer_name"]), items, keyed)


def with_events(book: Book, events: pl.DataFrame) -> Book:
    """The Book with these events more; of two that say the same of one subject and day the later one counts."""
    table = TABLES["events"]
    rows = pl.concat([book.events, table.conform(events)])
    return book.replace(events=rows.unique([*table.key, "known_on"], keep="last", maintain_order=True))
