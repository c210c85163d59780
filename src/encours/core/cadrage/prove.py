"""The proof of a book against its ledger: each customer, account by account, to the cent, at each closing."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book

#: One row a closing, customer, ledger account and currency. Minor units, debit positive; gap = ledger − book.
PROOF = {
    "on": pl.Date(),
    "customer_id": pl.String(),
    "ledger_account": pl.String(),
    "currency": pl.String(),
    "ledger": pl.Int64(),
    "book": pl.Int64(),
    "gap": pl.Int64(),
}
_KEYS = ["customer_id", "ledger_account", "currency"]


def prove_customers(book: Book, ledger: pl.DataFrame) -> pl.DataFrame:
    """Columns of PROOF, by closing, customer and account: what the ledger says beside what the book says.

    `ledger`: customer_id, ledger_account, currency, on, balance of one entity; `book`: all versions of that entity's
    rows. The book is read by accounting date on each closing. What neither side has is no row.
    """
    parts = [pl.DataFrame(schema=PROOF)]
    by_day = ledger.partition_by("on", as_dict=True)
    for on in ledger["on"].unique().sort():
        told = by_day[(on,)].group_by(_KEYS).agg(ledger=pl.col("balance").sum())
        both = told.join(customer_balances(book.as_booked(on)), on=_KEYS, how="full", coalesce=True, nulls_equal=True)
        rows = both.with_columns(pl.col("ledger", "book").fill_null(0), on=pl.lit(on))
        parts.append(rows.with_columns(gap=pl.col("ledger") - pl.col("book")).select(list(PROOF)))
    return pl.concat(parts).sort("on", *_KEYS)


def customer_balances(book: Book) -> pl.DataFrame:
    """customer_id, ledger_account, currency, book: open items less unapplied receipts, of a Book read on a day.

    Money that no ledger has booked yet, and what was settled with it, is left out: the ledger cannot know it.
    """
    told = _booked(book)
    items = told.open_items().select(*_KEYS, book="open")
    free = told.unapplied_receipts().filter(pl.col("unapplied") != 0).select(*_KEYS, book=-pl.col("unapplied"))
    return pl.concat([items, free]).group_by(_KEYS).agg(pl.col("book").sum()).filter(pl.col("book") != 0)


def _booked(book: Book) -> Book:
    """The Book without the receipts that only the bank tells of, and without the allocations of their money.

    A book in which no receipt bears a ledger's word was not made from one: all its money counts.
    """
    unposted = pl.col("posted_on").is_null() & pl.col("ledger_account").is_null()
    by_bank = ((pl.col("origin") == "bank") & unposted).fill_null(False)
    alone = book.receipts.filter(by_bank)["receipt_id"]
    if not alone.len() or book.receipts.filter(~unposted).is_empty():
        return book
    named = pl.col("receipt_id").is_in(alone.implode())
    return book.replace(
        receipts=book.receipts.filter(~named), allocations=book.allocations.filter(~named.fill_null(False))
    )
