"""Rows that cannot be true: cycles of payers, impossible dates, returns that return nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.check.rule import found, rule
from encours.core.base.groups import payers
from encours.core.base.issue import concat_issues
from encours.core.base.money import money_text
from encours.core.base.opt_outs import unreadable
from encours.core.base.schema import TABLES

if TYPE_CHECKING:
    from encours.core.base.book import Book

#: (table, earlier column, later column): the later one cannot come first.
_ORDER = (
    ("items", "issued_on", "due_on", "warning"),
    ("items", "issued_on", "discount_on", "warning"),
    ("allocations", "allocated_on", "reversed_on", "warning"),
    ("allocations", "earliest_on", "allocated_on", "error"),
    ("disputes", "opened_on", "closed_on", "error"),
    ("statements", "from_on", "to_on", "error"),
    ("customer_links", "from_on", "to_on", "error"),
)
_FIRST_YEAR, _LAST_YEAR = 1950, 2150


@rule
def payer_cycles(book: Book, now: Book) -> pl.DataFrame:
    """Customers that pay for each other in a circle."""
    _, cycles = payers(now.customers, now.customer_links)
    rows = pl.DataFrame(
        {"customer_id": [c[0] for c in cycles], "path": [" → ".join([*c, c[0]]) for c in cycles]},
        schema={"customer_id": pl.String, "path": pl.String},
    )
    message = pl.format("payer links form a circle: {}", "path")
    return found(rows, "customer_links", "customer_id", "payer_cycle", message, "Remove one of these payer links.")


@rule
def dates_out_of_order(book: Book, now: Book) -> pl.DataFrame:
    """A date comes before the one it must follow."""
    parts = []
    for name, first, then, severity in _ORDER:
        bad = now.table(name).filter(pl.col(then) < pl.col(first))
        key = pl.concat_str(TABLES[name].key, separator="|")
        message = pl.format("{} {} is before {} {}", pl.lit(then), then, pl.lit(first), first)
        parts.append(
            found(
                bad,
                name,
                key,
                "dates_out_of_order",
                message,
                "Correct one of the two dates.",
                "error" if severity == "error" else "warning",
            )
        )
    return concat_issues(parts)


@rule
def impossible_dates(book: Book, now: Book) -> pl.DataFrame:
    """A date is outside any company's life (before 1950 or after 2150)."""
    parts = []
    for name, frame in now.tables().items():
        key = pl.concat_str(TABLES[name].key, separator="|", ignore_nulls=True)
        for column, dtype in TABLES[name].schema.items():
            if dtype == pl.Date:
                bad = frame.filter(~pl.col(column).dt.year().is_between(_FIRST_YEAR, _LAST_YEAR))
                message = pl.format("{} {}", pl.lit(column), column)
                parts.append(found(bad, name, key, "impossible_date", message, "Correct the date."))
    return concat_issues(parts)


@rule
def unreadable_opt_outs(book: Book, now: Book) -> pl.DataFrame:
    """A contact refuses something in words that nobody can read, so nothing is sent there."""
    texts = [text for text in now.contacts["opt_out"].drop_nulls().unique().to_list() if unreadable(text)]
    bad = now.contacts.filter(pl.col("opt_out").is_in(texts))
    message = pl.format("{} names no channel that is not wanted: nothing is sent to this contact", "opt_out")
    action = "Say yes, or name what is not wanted: email, sms, call, voice, letter."
    return found(bad, "contacts", "contact_id", "opt_out_unreadable", message, action, "warning")


@rule
def returns_of_nothing(book: Book, now: Book) -> pl.DataFrame:
    """A returned payment is not negative, or returns more than was received."""
    origin = now.receipts.select(returns_receipt_id="receipt_id", received="amount")
    joined = now.receipts.join(origin, on="returns_receipt_id")
    bad = joined.filter((pl.col("amount") >= 0) | (-pl.col("amount") > pl.col("received")))
    message = pl.format(
        "{} returns a receipt of {}", *(money_text(pl.col(c), pl.col("currency")) for c in ("amount", "received"))
    )
    return found(bad, "receipts", "receipt_id", "impossible_return", message, "Link it to the payment it returns.")
