"""Returned payments: a bounced direct debit or cheque takes back what it had paid, item by item."""

from __future__ import annotations

import polars as pl

from encours.core.matching.return_reasons import reason_said
from encours.core.matching.returned import AMOUNT, BANK, FEE_MAX, NAMED, PAYER, Tie

#: How sure a return is of its payment: the bank names it; a number of it stands in the text; same payer and amount;
#: the amount alone. With part of the money, or payments that fit alike, a person counts.
CONFIDENCE = {BANK: 0.99, NAMED: 0.95, PAYER: 0.9, AMOUNT: 0.75}
CONFIDENCE_IN_PART, CONFIDENCE_ALIKE = 0.9, 0.75
_SAID = {
    NAMED: "the text names that payment",
    PAYER: "same payer and same amount",
    AMOUNT: "the only cheque of this amount before it",
}


def no_lines() -> pl.DataFrame:
    """Nothing came back."""
    return pl.DataFrame(schema={"row": pl.UInt32, "item_id": pl.String, "amount": pl.Int64})


def taken_back(receipts: pl.DataFrame, ties: list[Tie], lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decisions (row, rule, posts, confidence, alternatives, reason) and allocations of the returns with `lines`.

    `receipts` as `asks.make_receipts`; `lines`: row, item_id, amount that is open again, in the item's sign. A return
    never posts by itself: whether the first payment is reversed or a second entry takes it back is a choice of the
    books. What it takes beyond the payment is the bank's fee and stays on it.
    """
    told = pl.DataFrame(
        [(tie.row, tie.original, tie.basis, tie.alike) for tie in ties],
        schema={"row": pl.UInt32, "original": pl.String, "basis": pl.String, "alike": pl.Int64},
        orient="row",
    )
    whole = lines.group_by("row").agg(total=pl.col("amount").sum(), items=pl.col("item_id").n_unique())
    rows = whole.join(told, on="row").join(
        receipts.select("row", "receipt_id", "day", "unapplied", "text", "currency_word"), on="row"
    )
    beyond = -pl.col("unapplied") - pl.col("total")
    found = rows.with_columns(beyond=beyond).sort("row")
    decisions = found.select(
        "row",
        rule=pl.lit("returned_payment"),
        posts=pl.lit(False),
        confidence=_confidence(),
        alternatives="alike",
        reason=_reason(found),
    )
    kept = lines.join(receipts.select("row", "receipt_id", "day"), on="row")
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


def _is_fee() -> pl.Expr:
    return pl.col("beyond").is_between(1, FEE_MAX)


def _confidence() -> pl.Expr:
    sure = pl.col("basis").replace_strict(CONFIDENCE, return_dtype=pl.Float64)
    most = pl.when(pl.col("alike") > 0).then(CONFIDENCE_ALIKE).when(pl.col("beyond") != 0).then(CONFIDENCE_IN_PART)
    return pl.min_horizontal(sure, most.otherwise(1.0))


def _reason(found: pl.DataFrame) -> pl.Expr:
    """What is taken back, how the payment is known, why the bank gave it back; then what speaks against it."""
    beyond = (pl.col("beyond").abs() / 100).round(2).cast(pl.String)
    why = pl.Series([reason_said(text) for text in found["text"].to_list()], dtype=pl.String)
    for_it = pl.concat_str(
        [
            pl.format("takes back what receipt {} had paid: {} open again", "original", "items"),
            pl.col("basis").replace_strict(_SAID, default=None, return_dtype=pl.String),
            pl.lit(why),
            pl.when(_is_fee()).then(pl.format("{} beyond it: the bank's fee, which stays on the return", beyond)),
        ],
        separator="; ",
        ignore_nulls=True,
    )
    against = pl.concat_str(
        [
            pl.when(pl.col("alike") > 0).then(
                pl.format("payments that fit alike: {}, the latest is taken", pl.col("alike") + 1)
            ),
            pl.when(pl.col("beyond") > FEE_MAX).then(
                pl.lit("only a part of that payment was applied: the rest of the return stays on it")
            ),
        ],
        separator="; ",
        ignore_nulls=True,
    )
    return pl.when(against != "").then(pl.concat_str([for_it, against], separator="; but ")).otherwise(for_it)
