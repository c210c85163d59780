"""Open amounts: what is still owed on each item, still free on each receipt, and each customer's balance."""

from __future__ import annotations

import polars as pl

#: Allocation kinds that lower an item without money of the receipt's payer: they carry the item's sign.
DEDUCTIONS = ("discount", "charge", "write_off", "fx")


def standing(allocations: pl.LazyFrame) -> pl.LazyFrame:
    """Allocations that were not reversed."""
    return allocations.filter(pl.col("reversed_on").is_null())


def settled_by_item(allocations: pl.LazyFrame) -> pl.LazyFrame:
    """item_id, settled: what standing allocations take off each item.

    A `credit` row takes its amount off its item and gives it back to the credit note it names.
    """
    rows = standing(allocations)
    taken = rows.select("item_id", settled="amount")
    given = rows.filter((pl.col("kind") == "credit") & pl.col("credit_item_id").is_not_null()).select(
        item_id="credit_item_id", settled=-pl.col("amount")
    )
    return pl.concat([taken, given]).group_by("item_id").agg(pl.col("settled").sum())


def with_open(items: pl.LazyFrame, allocations: pl.LazyFrame) -> pl.LazyFrame:
    """Items with their column `open`: amount less standing allocations plus credits that name them."""
    joined = items.join(settled_by_item(allocations), on="item_id", how="left", maintain_order="left")
    return joined.with_columns(open=pl.col("amount") - pl.col("settled").fill_null(0)).drop("settled")


def applied_by_receipt(allocations: pl.LazyFrame) -> pl.LazyFrame:
    """receipt_id, applied: the receipt's money that standing `cash` rows use, in the receipt's currency."""
    cash = standing(allocations).filter((pl.col("kind") == "cash") & pl.col("receipt_id").is_not_null())
    used = pl.coalesce("receipt_amount", "amount")
    return cash.group_by("receipt_id").agg(applied=used.sum())


def with_unapplied(receipts: pl.LazyFrame, allocations: pl.LazyFrame) -> pl.LazyFrame:
    """Receipts with their column `unapplied`: amount less what standing cash allocations use of it."""
    joined = receipts.join(applied_by_receipt(allocations), on="receipt_id", how="left", maintain_order="left")
    return joined.with_columns(unapplied=pl.col("amount") - pl.col("applied").fill_null(0)).drop("applied")


def customer_balances(items_open: pl.LazyFrame, receipts_unapplied: pl.LazyFrame) -> pl.LazyFrame:
    """customer_id, currency, balance: open items less unapplied receipts that bear the customer."""
    owed = items_open.select("customer_id", "currency", balance="open")
    free = receipts_unapplied.filter(pl.col("customer_id").is_not_null())
    held = free.select("customer_id", "currency", balance=-pl.col("unapplied"))
    return pl.concat([owed, held]).group_by("customer_id", "currency").agg(pl.col("balance").sum())
