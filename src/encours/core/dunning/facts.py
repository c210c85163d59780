"""The facts of a day that gates and the planner read: open items with who pays them, and what is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from encours.core.base.book import Book
from encours.core.base.factoring import sold
from encours.core.base.groups import payers
from encours.core.dunning.broken import broken
from encours.core.dunning.known import Known
from encours.core.dunning.scenario import Scenarios
from encours.core.dunning.whose_money import open_money

#: One row an open item that the customer owes (open > 0). `payer_id`: who is written to. `creditor`: whom the money is
#: owed to, null for ourselves, else the factor that holds it. `overdue_days` is 0 up to the due date.
ITEMS: dict[str, pl.DataType] = {
    "item_id": pl.String(), "entity_id": pl.String(), "customer_id": pl.String(), "payer_id": pl.String(),
    "kind": pl.String(), "number": pl.String(), "part": pl.String(), "issued_on": pl.Date(), "due_on": pl.Date(),
    "amount": pl.Int64(), "open": pl.Int64(), "currency": pl.String(), "ledger_account": pl.String(),
    "payment_method": pl.String(), "payment_reference": pl.String(), "purchase_order": pl.String(),
    "order_ref": pl.String(), "delivery_ref": pl.String(), "label": pl.String(), "creditor": pl.String(),
    "overdue_days": pl.Int64(), "is_overdue": pl.Boolean(),
}  # fmt: skip
#: A payer's standing in one entity, currency and creditor; minor units, days. `overdue` is before any hold.
POSITION: dict[str, pl.DataType] = {
    "overdue": pl.Int64(), "overdue_items": pl.Int64(), "oldest_days": pl.Int64(), "open": pl.Int64(),
    "not_due": pl.Int64(),
}  # fmt: skip
#: Whom one request for payment is made to, and by whom: two of these are never mixed in one message.
GROUP = ("entity_id", "payer_id", "currency", "creditor")


@dataclass(frozen=True, eq=False)
class Facts:
    """The Book as known at the end of `as_of` (one row an id), what else is known, and the open items of the day.

    A gate's `hold(facts)` reads `items` (or `overdue`) and gives item_id, amount (minor units held; null: all that is
    open), until_on (last day held, null: until its task is done) and columns named in its SENTENCE.
    """

    book: Book
    as_of: date
    known: Known
    scenarios: Scenarios
    items: pl.DataFrame

    @cached_property
    def overdue(self) -> pl.DataFrame:
        """The items that are late on the day: each is asked for or held."""
        return self.items.filter("is_overdue")

    @cached_property
    def unapplied(self) -> pl.DataFrame:
        """Receipts with `unapplied` (minor units) other than 0 and the `payer_id` of the customer they stand on."""
        free = self.book.unapplied_receipts().filter(pl.col("unapplied") != 0)
        return free.join(self.payers, on="customer_id", how="left", maintain_order="left")

    @cached_property
    def open_money(self) -> pl.DataFrame:
        """The receipts that wait to be applied with whose they are, as `whose_money.open_money`: several gates ask."""
        return open_money(self)

    @cached_property
    def broken(self) -> pl.DataFrame:
        """The items of promises that were not kept, as `broken.broken`: the ladder and the steps beside it ask."""
        return broken(self)

    @cached_property
    def credits(self) -> pl.DataFrame:
        """Open credit notes and payments on account: items with a negative open amount, with `payer_id`."""
        owed = self.book.open_items().filter(pl.col("open") < 0)
        return owed.join(self.payers, on="customer_id", how="left", maintain_order="left")

    @cached_property
    def payers(self) -> pl.DataFrame:
        """customer_id, payer_id: links of payer that hold on the day are followed."""
        return payers(self.book.customers, _standing_links(self.book.customer_links, self.as_of))[0]

    @cached_property
    def positions(self) -> pl.DataFrame:
        """GROUP and POSITION: a row a payer, entity, currency and creditor."""
        late = pl.col("is_overdue")
        return self.items.group_by(GROUP).agg(
            overdue=pl.col("open").filter(late).sum(),
            overdue_items=late.sum().cast(pl.Int64),
            oldest_days=pl.col("overdue_days").max(),
            open=pl.col("open").sum(),
            not_due=pl.col("open").filter(~late).sum(),
        )


def facts(book: Book, as_of: date, known: Known, scenarios: Scenarios) -> Facts:
    """The facts of the end of `as_of`, of a Book with all its versions."""
    read = book.as_of(as_of)
    paying = payers(read.customers, _standing_links(read.customer_links, as_of))[0]
    days = (pl.lit(as_of) - pl.col("due_on")).dt.total_days()
    owed = read.open_items().filter(pl.col("open") > 0)
    items = (
        owed.join(paying, on="customer_id", how="left", maintain_order="left")
        .join(creditors(read, owed), on="item_id", how="left", maintain_order="left")
        .with_columns(
            payer_id=pl.coalesce("payer_id", "customer_id"),
            overdue_days=pl.max_horizontal(days, pl.lit(0)),
            is_overdue=days > 0,
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ITEMS.items())
        .sort("item_id")  # the same facts in another order are the same plan
    )
    return Facts(read, as_of, known, scenarios, items)


def creditors(book: Book, items: pl.DataFrame) -> pl.DataFrame:
    """item_id, creditor: items that a factor holds on the day, with its name where the event says it.

    A confidential sale is none of the customer's business: its money is asked for by us, to our account.
    """
    return sold(book, items).filter(~pl.col("confidential")).select("item_id", creditor="factor")


def _standing_links(links: pl.DataFrame, as_of: date) -> pl.DataFrame:
    begun = pl.col("from_on").is_null() | (pl.col("from_on") <= as_of)
    ended = pl.col("to_on").is_not_null() & (pl.col("to_on") < as_of)
    return links.filter(begun & ~ended)
