"""Returned payments: a bounced direct debit or cheque takes back what it had paid, item by item."""

from __future__ import annotations

import polars as pl

#: A return that names its payment says no less than the bank: wrong only where the bank's own link is.
CONFIDENCE = 0.9999


def applied_before(receipts: pl.DataFrame, allocations: pl.DataFrame) -> pl.DataFrame:
    """row, receipt_id, item_id, amount: what the book knows that each returned payment had paid.

    `receipts` as `asks.make_receipts`; `allocations` of the book as known, one row an id.
    """
    returns = receipts.filter(kind="return").select("row", receipt_id="returns_receipt_id").drop_nulls()
    cash = allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    return returns.join(cash.select("receipt_id", "item_id", "amount"), on="receipt_id")


def taken_back(
    receipts: pl.DataFrame, applied: pl.DataFrame, proposed: pl.DataFrame, posted: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decisions (row, rule, posts, confidence, reason) and allocations of the returns whose payment is known.

    `proposed`: receipt_id, item_id, amount of the cash that this run proposes; `posted`: ids of the receipts that post.
    A return posts by itself where all of its money had been applied and that stands; else a person looks.
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
    stands = ~pl.col("original").is_in(proposed["receipt_id"].unique().implode())
    posts = (pl.col("total") == -pl.col("unapplied")) & (stands | pl.col("original").is_in(posted.implode()))
    decisions = fitting.sort("row").select(
        "row",
        rule=pl.lit("returned_payment"),
        posts=posts,
        confidence=pl.when(posts).then(CONFIDENCE).otherwise(0.9),
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
