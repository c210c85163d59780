"""What a company's collectors would have in their tool, for the demonstration: contacts, touches, promises, disputes,
and what its letters say of how to pay.

None of it stands in the files of an accounting or a bank; the sample company knows it. Items are found by their number,
because the ledger gives them ids of its own.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from encours.connectors.book_folder import read_book, write_book
from encours.core.base.book import Book
from encours.store.models import Item
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.change_letter_settings import change_letter_settings
from encours.usecases.import_files import import_now
from encours.usecases.manage_settings import setting

_TABLES = ("contacts", "touches", "promises", "disputes")


def add_workflow(sample: Path) -> None:
    """Imports it as a book folder beside the company's files; done again it changes nothing."""
    folder = sample / "workflow"
    if not (folder / "contacts.parquet").exists():
        book = read_book(sample)[0]
        known = _ids(book)
        tables = {name: getattr(book, name) for name in _TABLES}
        for name in ("touches", "promises", "disputes"):
            tables[name] = _renamed(tables[name], known)
        write_book(Book.of(**tables), folder)
    import_now(job("demo"), None, [folder])


def add_letterhead(sample: Path) -> None:
    """Who writes and where to pay, as an administrator would type it first; what is set already stays."""
    book = read_book(sample)[0]
    banked = book.receipts.filter(pl.col("origin") == "bank").group_by("entity_id", "currency", "account").len()
    most = banked.sort("len", "account", descending=[True, False]).unique(["entity_id", "currency"], keep="first")
    for entity in book.entities.iter_rows(named=True):
        entity_id, name, siren = entity["entity_id"], entity["name"], entity["legal_id"]
        rows = most.filter(entity_id=entity_id).sort("currency")
        accounts = [
            {"holder": name, "iban": iban, "bic": "", "currency": currency}
            for iban, currency in rows.select("account", "currency").iter_rows()
        ]
        if not setting("payment.accounts", entity_id, clock.today()):
            sender = {"legal": f"{name} · SIREN {siren}"}
            given = {"payment.accounts": accounts, "letters.sender": sender}
            change_letter_settings(job("demo"), entity_id, given)


def _ids(book: Book) -> pl.DataFrame:
    """item_id of the sample, `own`: the id under which the ledger brought it."""
    rows = Item.objects.filter(is_current=True).order_by("number", "due_on", "item_id")
    own = pl.DataFrame(
        list(rows.values_list("customer_id", "number", "due_on", "item_id")),
        schema={"customer_id": pl.String, "number": pl.String, "due_on": pl.Date, "own": pl.String}, orient="row",
    )  # fmt: skip
    items = book.items.select("item_id", "customer_id", "number", "due_on")
    exact = items.join(own, on=["customer_id", "number", "due_on"], how="inner")
    by_number = own.unique(["customer_id", "number"], keep="first", maintain_order=True).drop("due_on")
    rest = items.join(exact, on="item_id", how="anti").join(by_number, on=["customer_id", "number"], how="inner")
    columns = ["item_id", "own"]
    return pl.concat([exact.select(columns), rest.select(columns)]).unique("item_id", keep="first", maintain_order=True)


def _renamed(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows under the ledger's ids; those of items that it does not have are left out."""
    of_item = rows.filter(pl.col("item_id").is_not_null()).join(known, on="item_id", how="inner", maintain_order="left")
    of_item = of_item.with_columns(item_id="own").select(rows.columns)
    return pl.concat([of_item, rows.filter(pl.col("item_id").is_null())])
