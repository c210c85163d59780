"""Money that does not add up: more allocated than there is, groups and statements out of balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base import balance
from encours.core.base.check.rule import found, rule
from encours.core.base.issue import concat_issues
from encours.core.base.money import money_text

if TYPE_CHECKING:
    from encours.core.base.book import Book


def _said(*columns: str) -> list[pl.Expr]:
    """The columns' amounts as people read them."""
    return [money_text(pl.col(column), pl.col("currency")) for column in columns]


@rule
def over_allocated_items(book: Book, now: Book) -> pl.DataFrame:
    """More is allocated to an item than it is worth."""
    open_items = now.open_items()
    bad = open_items.filter(
        (pl.col("open") * pl.col("amount").sign() < 0) | (pl.col("open").abs() > pl.col("amount").abs())
    )
    message = pl.format("{} of {} is left open: more was allocated than the item is worth", *_said("open", "amount"))
    return found(bad, "items", "item_id", "over_allocated", message, "Undo the allocation that is one too many.")


@rule
def over_applied_receipts(book: Book, now: Book) -> pl.DataFrame:
    """More of a receipt is allocated than was received."""
    receipts = now.unapplied_receipts()
    over = (pl.col("unapplied") * pl.col("amount").sign() < 0) | (pl.col("unapplied").abs() > pl.col("amount").abs())
    message = pl.format("{} of {} is left unapplied: more was allocated than received", *_said("unapplied", "amount"))
    return found(
        receipts.filter(over),
        "receipts",
        "receipt_id",
        "over_applied",
        message,
        "Undo the allocation that is one too many.",
    )


@rule
def allocations_against_their_item(book: Book, now: Book) -> pl.DataFrame:
    """A standing allocation does not have the sign of its item.

    A write-off that names a receipt may: more cash came than was owed, and what is over is a gain. Cash of a payment
    that came back does: it opens the item again.
    """
    rows = balance.standing(now.allocations.lazy()).collect()
    joined = rows.join(now.items.select("item_id", "currency", item_amount="amount"), on="item_id")
    gain = (pl.col("kind") == "write_off") & pl.col("receipt_id").is_not_null()
    came_back = now.receipts.filter(pl.col("kind") == "return")["receipt_id"]
    gain |= (pl.col("kind") == "cash") & pl.col("receipt_id").is_in(came_back.implode())
    other_way = (pl.col("amount") * pl.col("item_amount").sign() < 0) & ~pl.col("kind").is_in(["fx", "netting"])
    bad = joined.filter(other_way & ~gain)
    message = pl.format("{} against an item of {}", *_said("amount", "item_amount"))
    return found(
        bad,
        "allocations",
        "allocation_id",
        "wrong_sign",
        message,
        "Give the allocation the sign of its item.",
    )


@rule
def credits_without_their_note(book: Book, now: Book) -> pl.DataFrame:
    """A `credit` allocation names no credit note, or another kind of allocation names one."""
    bad = now.allocations.filter((pl.col("kind") == "credit") != pl.col("credit_item_id").is_not_null())
    return found(
        bad,
        "allocations",
        "allocation_id",
        "credit_unnamed",
        pl.format("a {} allocation and its credit note", "kind"),
        "Name the credit note in credit_item_id for kind credit, and only there.",
    )


@rule
def currencies_that_differ(book: Book, now: Book) -> pl.DataFrame:
    """A receipt in one currency is allocated to an item in another without its own amount."""
    cash = now.allocations.filter((pl.col("kind") == "cash") & pl.col("receipt_amount").is_null())
    both = cash.join(now.items.select("item_id", item_currency="currency"), on="item_id").join(
        now.receipts.select("receipt_id", "currency"), on="receipt_id"
    )
    bad = both.filter(pl.col("currency") != pl.col("item_currency"))
    message = pl.format("a receipt in {} pays an item in {}", "currency", "item_currency")
    return found(
        bad,
        "allocations",
        "allocation_id",
        "currency_differs",
        message,
        "Give receipt_amount in the receipt's currency.",
    )


@rule
def unbalanced_statements(book: Book, now: Book) -> pl.DataFrame:
    """A bank statement whose opening balance and entries do not give its closing balance."""
    gap = pl.col("opening") + pl.col("total") - pl.col("closing")
    bad = now.statements.filter((gap != 0).fill_null(False))
    message = pl.format("opening {} + entries {} is not closing {}", *_said("opening", "total", "closing"))
    return found(
        bad,
        "statements",
        "statement_id",
        "statement_unbalanced",
        message,
        "Ask the bank for the whole statement; its entries are kept.",
        "warning",
    )


@rule
def unbalanced_netting(book: Book, now: Book) -> pl.DataFrame:
    """Netted amounts of one source in one currency that do not cancel out: the rest stands on the supplier account."""
    rows = balance.standing(now.allocations.lazy()).filter(pl.col("kind") == "netting").collect()
    groups = (
        rows.join(now.items.select("item_id", "currency"), on="item_id")
        .group_by("source", "currency", maintain_order=True)
        .agg(pl.col("amount").sum())
        .filter(pl.col("amount") != 0)
    )
    message = pl.format("{} netted has its other side outside the receivables", *_said("amount"))
    return found(
        groups,
        "allocations",
        "source",
        "netting_one_sided",
        message,
        "Check it against the supplier account.",
        "info",
    )


@rule
def instruments_that_differ(book: Book, now: Book) -> pl.DataFrame:
    """A draft whose items do not sum to its amount."""
    sums = now.instrument_items.group_by("instrument_id").agg(covered=pl.col("amount").sum())
    bad = now.instruments.join(sums, on="instrument_id").filter(pl.col("covered") != pl.col("amount"))
    message = pl.format("items of {} under an instrument of {}", *_said("covered", "amount"))
    return concat_issues(
        [
            found(
                bad,
                "instruments",
                "instrument_id",
                "instrument_differs",
                message,
                "Check the draft's slip.",
                "warning",
            )
        ]
    )
