"""The books that payment dates are judged on: kept beside the repository, read from there, copied nowhere."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Call
from encours.connectors.book_folder.read import read_book
from encours.core.base.book import Book
from tests.shared import shared_root

#: The last day of the real book, and the Mondays it is judged on: eight weeks before that at the latest. The settings
#: of the model were chosen on the first nine; the last six were looked at once, after that.
LAST_DAY = date(2019, 11, 19)
CHOSEN_ON = tuple(date(2019, 6, 17) + timedelta(days=7 * week) for week in range(9))
HELD_OUT = tuple(date(2019, 8, 19) + timedelta(days=7 * week) for week in range(6))

#: The option of benchmarks that judge weeks of the real book.
ALL_WEEKS: dict[str, dict[str, Any]] = {
    "--all": {"action": "store_true", "help": "also the weeks on which the model's settings were chosen"},
}


def weeks_of(call: Call) -> list[date]:
    """The weeks that a call with ALL_WEEKS judges: those held out, or all; at a smaller scale the first of them."""
    weeks = [*CHOSEN_ON, *HELD_OUT] if call.extra["all"] else list(HELD_OUT)
    return weeks[: call.scaled(len(weeks))]


def real_book() -> Book | None:
    """The book of a consumer-goods seller in the US and Canada, 2019; None, with a word, where it is not there."""
    folder = _there("data/highradius_2019")
    return read_book(folder)[0] if folder else None


def simulated_book() -> Book | None:
    """The well-known simulated set of 2,466 invoices; None, with a word, where it is not there."""
    folder = _there("data/ibm_simulated")
    if not folder:
        return None
    rows = pl.concat([pl.read_csv(path, infer_schema=False) for path in sorted(folder.glob("*.csv"))])

    def day(name: str) -> pl.Expr:
        return pl.col(name).str.to_date("%m/%d/%Y")

    rows = rows.select(
        item_id="invoiceNumber", customer_id="customerID", number="invoiceNumber", kind=pl.lit("invoice"),
        entity_id=pl.lit("E"), currency=pl.lit("USD"), issued_on=day("InvoiceDate"), due_on=day("DueDate"),
        amount=(pl.col("InvoiceAmount").cast(pl.Float64) * 100).round().cast(pl.Int64), paid_on=day("SettledDate"),
    )  # fmt: skip
    letters = rows.select(
        "item_id",
        "amount",
        allocation_id="item_id",
        kind=pl.lit("cash"),
        allocated_on="paid_on",
        source=pl.lit("import"),
    )
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["E"], "country": ["US"], "currency": ["USD"]}),
        customers=rows.select("customer_id", name="customer_id", kind=pl.lit("business")).unique(maintain_order=True),
        items=rows.drop("paid_on"),
        allocations=letters,
    )


def sample_of(book: Book, invoices: int, seed: int) -> Book:
    """Customers drawn at random until they have so many invoices: a small company."""
    sizes = book.items.group_by("customer_id").len().sort("customer_id")
    order = sizes[np.random.default_rng(seed).permutation(sizes.height)].filter(pl.col("len") <= invoices // 3)
    return book.select(order.filter(pl.col("len").cum_sum() <= invoices)["customer_id"])


def _there(relative: str) -> Path | None:
    path = shared_root() / relative
    if path.exists():
        return path
    print(
        f"nothing is measured: {relative} is not beside the repository (set ENCOURS_SHARED to the folder that has it)"
    )
    return None
