"""Returned payments: a bounced direct debit or cheque takes back what it had paid, item by item."""

from __future__ import annotations

import polars as pl

#: A return that names its payment is wrong only where the bank's own link is; with part of the money a person counts.
CONFIDENCE, CONFIDENCE_IN_PART = 0.99, 0.9


def applied_before(receipts: pl.DataFrame, allocations: pl.DataFrame) -> pl.DataFrame:
    """row, receipt_id, item_id, amount: what the book knows that each returned payment had paid.

    `receipts` as `asks.make_receipts`; `allocations` of the book as known, one row an id.
    """
    returns = receipts.filter(kind="return").select("row", receipt_id="returns_receipt_id").drop_nulls()
    cash = allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    return returns.join(cash.select("receipt_id", "item_id", "amount"), on="receipt_id")


def taken_back(
    receipts: pl.DataFrame, applied: pl.DataFrame, proposed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decisions (row, rule, posts, confidence, reason) and allocations of the returns whose payment is known.

    `proposed`: receipt_id, item_id, amount of the cash that this run proposes. A return never posts by itself: whether
    the first payment is reversed or a second entry takes it back is a choice of the books.
    """
    returns = receipts.filter(kind="return").select(
        "row", "receipt_id", "unapplied", "day", original="returns_receipt_id"
    )
    fresh = returns.join(proposed.rename({"receipt_id": "original"}), on="original")
    old = applied.rename({"receipt_id": "original"}).join(returns.drop("original"), on="row")
    columns = ["row", "receipt_id", "original", "unapplied", "day", "item_id", "amount"]
    lines = pl.concat([fresh.select(columns), old.select(columns)]).filter(pl.col("unapplied") < 0)
    whole = lines.group_by("row").agg(
        pl.col("original", "unapplied").first(), total=pl.col("amount").sum(), items=pl.col("item_id").n_unique()
    )
    fitting = whole.filter(pl.col("total") <= -pl.col("unapplied"))
    all_of_it = pl.col("total") == -pl.col("unapplied")
    decisions = fitting.sort("row").select(
        "row",
        rule=pl.lit("returned_payment"),
        posts=pl.lit(False),
        confidence=pl.when(all_of_it).then(CONFIDENCE).otherwise(CONFIDENCE_IN_PART),
        reason=pl.format("takes back what receipt {} had paid: {} open again", "original", "items"),
    )
    kept = lines.join(fitting.select("row"), on="row", how="semi")
    allocations = kept.select(
        "receipt_id",
        "item_id",
        amount=-pl.col("amount"),
        kind=pl.lit("cash"),
        allocated_on="day",
        allocation_id=pl.format("match:{}:{}", "receipt_id", "item_id"),
        source=pl.lit("match:returned_payment"),
    )
    return decisions, allocations.sort("allocation_id")
