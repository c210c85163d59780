"""Debtors of remittances that come in become the customers that the store, or a file beside them, already has."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import Issues, no_issues
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES
from encours.core.identity.remitters import same_remitters
from encours.core.matching.names import name_keys
from encours.store import frames

_PAIR = {"customer_id": pl.String(), "other_id": pl.String()}
_NAMED_MAX = 5


def meet_remitters(book: Book) -> tuple[Book, pl.DataFrame]:
    """The Book with such debtors under the known customer's id in every table, and what to say of the others.

    A debtor is a customer that the Book knows by instruments of a batch only and that the store lacks. An instrument
    that is stored keeps its customer; else the bank account says it, else the invoices quoted, else the name.
    """
    guests = _guests(book)
    if not guests.height:
        return book, no_issues()
    known = _known(book, guests)
    before = _before(book, guests)
    rest = guests.join(before, left_on="customer_id", right_on="from_id", how="anti")
    found = same_remitters(rest, known, _accounts(book, rest), _numbers(book, rest))
    names = dict(pl.concat([before, found]).iter_rows())
    strangers = rest.filter(~pl.col("customer_id").is_in(list(names)))
    return _renamed(book, names), _said(strangers)


def _guests(book: Book) -> pl.DataFrame:
    """customer_id, entity_id, name, name_key of the customers that only instruments tell of."""
    drawn = book.instruments.filter(pl.col("batch_id").is_not_null())["customer_id"].unique()
    others = pl.concat([book.items["customer_id"], book.receipts["customer_id"], book.orders["customer_id"]])
    rows = book.customers.filter(
        pl.col("customer_id").is_in(drawn.implode()) & ~pl.col("customer_id").is_in(others.drop_nulls().implode())
    ).unique("customer_id", keep="last")
    stored = frames.versions("customers", rows["customer_id"], ["customer_id"], current=True)
    fresh = rows.join(stored, on="customer_id", how="anti").select("customer_id", "entity_id", "name")
    return fresh.with_columns(name_key=name_keys(fresh["name"]))


def _known(book: Book, guests: pl.DataFrame) -> pl.DataFrame:
    """The stored customers of the guests' entities, and those of the files beside."""
    entities = guests["entity_id"].drop_nulls().unique()
    columns = ["customer_id", "entity_id", "name"]
    stored = frames.versions("customers", entities, columns, current=True, by="entity_id")
    beside = book.customers.select(columns).join(guests, on="customer_id", how="anti")
    rows = pl.concat([stored, beside]).unique("customer_id", keep="first", maintain_order=True)
    return rows.with_columns(name_key=name_keys(rows["name"]))


def _before(book: Book, guests: pl.DataFrame) -> pl.DataFrame:
    """from_id, to_id: the customers whose the stored instruments of the guests are already."""
    mine = book.instruments.select("instrument_id", "customer_id").join(guests, on="customer_id", how="semi")
    stored = frames.versions("instruments", mine["instrument_id"], ["instrument_id", "customer_id"], current=True)
    pairs = mine.join(stored.select("instrument_id", to_id="customer_id"), on="instrument_id")
    meant = pairs.group_by(from_id="customer_id").agg(pl.col("to_id").unique())
    one = meant.filter((pl.col("to_id").list.len() == 1) & (pl.col("to_id").list.first() != pl.col("from_id")))
    return one.select("from_id", to_id=pl.col("to_id").list.first())


def _accounts(book: Book, guests: pl.DataFrame) -> pl.DataFrame:
    """Guests and known customers of the same bank account."""
    ibans = book.payer_aliases.filter(pl.col("kind") == "iban").select("customer_id", "value")
    mine = ibans.join(guests, on="customer_id", how="semi")
    if not mine.height:
        return pl.DataFrame(schema=_PAIR)
    stored = frames.versions(
        "payer_aliases", mine["value"].unique(), ["customer_id", "value"], current=True, by="value"
    )
    theirs = pl.concat([stored, ibans.join(guests, on="customer_id", how="anti")])
    return mine.join(theirs.select("value", other_id="customer_id"), on="value").select(list(_PAIR))


def _numbers(book: Book, guests: pl.DataFrame) -> pl.DataFrame:
    """Guests and the known customers whose invoices their lines quote."""
    told = book.events.filter(pl.col("kind").str.starts_with("instrument:")).join(
        guests, left_on="subject_id", right_on="customer_id", how="semi"
    )
    words = told.select(customer_id="subject_id", word=pl.col("value").str.split(" ")).explode("word")
    mine = words.with_columns(key=number_key(pl.col("word"))).filter(
        pl.col("key").str.len_chars().ge(4) & pl.col("key").str.contains(r"\d")
    )
    if not mine.height:
        return pl.DataFrame(schema=_PAIR)
    columns = ["customer_id", "number"]
    stored = frames.versions("items", mine["key"].unique(), columns, current=True, by="number_key")
    theirs = pl.concat([stored, book.items.select(columns)]).with_columns(key=number_key(pl.col("number")))
    return mine.join(theirs.select("key", other_id="customer_id"), on="key").select(list(_PAIR)).unique()


def _renamed(book: Book, names: dict[str, str]) -> Book:
    if not names:
        return book
    tables = {
        name: frame.with_columns(pl.col("customer_id").replace(names))
        for name, frame in book.tables().items()
        if "customer_id" in frame.columns and frame.height
    }
    tables["customers"] = book.customers.filter(~pl.col("customer_id").is_in(list(names)))
    of_customer = pl.when(pl.col("subject") == "customer").then(pl.col("subject_id").replace(names))
    tables["events"] = book.events.with_columns(subject_id=of_customer.otherwise("subject_id"))
    aliases = tables.get("payer_aliases", TABLES["payer_aliases"].empty())
    tables["payer_aliases"] = aliases.unique([*TABLES["payer_aliases"].key, "known_on"], maintain_order=True)
    return book.replace(**tables)


def _said(strangers: pl.DataFrame) -> pl.DataFrame:
    note = Issues()
    if strangers.height:
        names = strangers["name"].head(_NAMED_MAX).to_list()
        names += ["…"] if strangers.height > _NAMED_MAX else []
        note.add(
            "debtor_unknown",
            f"debtors of the remittance that are none of the customers: {', '.join(names)}",
            severity="warning",
            action="Link them to the customers they are, or import the ledger first.",
        )
    return note.frame()
