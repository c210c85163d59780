"""Events that files tell of invoices and customers in their own way meet those that the store has."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import no_issues
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES
from encours.core.identity.subjects import ITEMS
from encours.store import frames
from encours.usecases.tie_events import DEADLINES, tied, with_events

_CUSTOMER = ["customer_id", "entity_id", "legal_id", "name"]


def meet_events(book: Book, named: pl.DataFrame) -> tuple[Book, pl.DataFrame]:
    """The Book with the events that tie to its own rows or the store's, and an issue for each that does not.

    A deadline that is told anew takes the former one of its invoice away.
    """
    if not named.height:
        return book, no_issues()
    events, issues = tied(named, _items(book, named), _customers(book, named))
    return with_events(book, pl.concat([_former(events), events], how="diagonal")), issues


def _items(book: Book, named: pl.DataFrame) -> pl.DataFrame:
    """The invoices of the numbers that are named: those that come in, then those that are there."""
    keys = named.select(number_key(pl.col("number"))).to_series().drop_nulls().unique()
    stored = frames.versions("items", keys.filter(keys != ""), list(ITEMS), current=True, by="number_key")
    voided = pl.col("voided").fill_null(False)
    gone = book.items.filter(voided)["item_id"].implode()
    both = pl.concat([book.items.filter(~voided).select(list(ITEMS)), stored.filter(~pl.col("item_id").is_in(gone))])
    return both.unique("item_id", keep="first", maintain_order=True)


def _customers(book: Book, named: pl.DataFrame) -> pl.DataFrame:
    """The customers of the entities whose events these are."""
    stored = frames.versions("customers", named["entity_id"].unique(), _CUSTOMER, current=True, by="entity_id")
    return pl.concat([stored, book.customers.join(stored, on="customer_id", how="anti").select(_CUSTOMER)])


def _former(events: pl.DataFrame) -> pl.DataFrame:
    """A voided row for each stored deadline whose day the events move."""
    table = TABLES["events"]
    told = events.filter(pl.col("kind").str.starts_with(DEADLINES))
    ids = told["subject_id"].unique()
    stored = frames.versions("events", ids, list(table.schema), current=True, by="subject_id")
    moved = stored.join(told, on=["subject", "subject_id", "kind"], how="semi").join(told, on=table.key, how="anti")
    return moved.with_columns(voided=pl.lit(True), known_on=pl.lit(None, dtype=pl.Date))
