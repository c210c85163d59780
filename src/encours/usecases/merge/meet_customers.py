"""Buyers of e-invoices that come in become the customers that the store already has."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES
from encours.core.identity.customers import same_customers
from encours.store import frames
from encours.usecases.unify_sources import RANKS


def meet_customers(book: Book, told: pl.DataFrame) -> Book:
    """The Book with such buyers under the stored customer's id in every table, and without their own rows.

    Only customers whose items no other kind of file tells (`told`: item_id, rank) and that the store lacks are
    looked up: what a ledger or a list names is a customer of its own. An ambiguous one stays itself.
    """
    foreign = told.filter(pl.col("rank") == RANKS["einvoice"])["item_id"].implode()
    invoiced = book.items.filter(pl.col("item_id").is_in(foreign))
    others = book.items.filter(~pl.col("item_id").is_in(foreign))["customer_id"].implode()
    buyers = invoiced["customer_id"].unique().implode()
    guests = book.customers.filter(pl.col("customer_id").is_in(buyers) & ~pl.col("customer_id").is_in(others))
    if not guests.height:
        return book
    known = _known(guests)
    guests = guests.join(known, on="customer_id", how="anti")
    if not known.height or not guests.height:
        return book
    names = dict(same_customers(known, guests, _items(invoiced, known), invoiced).iter_rows())
    if not names:
        return book
    tables = {
        name: frame.with_columns(pl.col(column).replace(names) for column in _naming(frame))
        for name, frame in book.tables().items()
        if _naming(frame) and frame.height
    }
    # The stored row stands; what a later ledger or list knows of the customer comes under its own id.
    tables["customers"] = book.customers.filter(~pl.col("customer_id").is_in(list(names)))
    return book.replace(**tables)


def _naming(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name == "customer_id" or name.endswith("_customer_id")]


def _known(guests: pl.DataFrame) -> pl.DataFrame:
    """The current stored customers of the guests' entities."""
    table = TABLES["customers"]
    entities = guests["entity_id"].drop_nulls().unique()
    return table.conform(frames.versions("customers", entities, list(table.schema), current=True, by="entity_id"))


def _items(invoiced: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The stored items that bear a number of the incoming invoices."""
    table = TABLES["items"]
    keys = invoiced.select(number_key(pl.col("number"))).to_series().unique()
    rows = frames.versions("items", keys.filter(keys != ""), list(table.schema), current=True, by="number_key")
    return table.conform(rows).join(known, on="customer_id", how="semi")
