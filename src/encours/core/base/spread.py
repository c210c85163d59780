"""Spreading amounts over amounts: who pays what, in order, without giving more than there is on either side."""

from __future__ import annotations

import polars as pl


def spread(left: pl.DataFrame, right: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """left_id, right_id, amount: the overlap of two rows of positive amounts laid end to end within each `by`.

    Both frames have the columns of `by`, `id` and `amount` (Int64, above 0), in the order in which they are to be
    used: the first of the left meets the first of the right. Exact: Σ amount of a group is the smaller side's total,
    and no row gives or takes more than its amount. Ids may have any type; `by` values must not be null.
    """
    ends = pl.col("amount").cum_sum().over(by)
    empty = [pl.lit(None, dtype=right.schema["id"]).alias("right_id"), pl.lit(None, dtype=left.schema["id"])]
    lefts = left.select(*by, end=ends, left_id="id").with_columns(empty[0])
    rights = right.select(*by, end=ends, right_id="id").with_columns(empty[1].alias("left_id"))
    marks = (
        pl.concat([lefts, rights.select(lefts.columns)])
        .with_row_index("_order")
        .sort(*by, "end", "_order")
        .with_columns(pl.col("left_id", "right_id").backward_fill().over(by))
        .with_columns(amount=pl.col("end") - pl.col("end").shift(1, fill_value=0).over(by))
    )
    pairs = marks.filter((pl.col("amount") > 0) & pl.col("left_id").is_not_null() & pl.col("right_id").is_not_null())
    return pairs.select(*by, "left_id", "right_id", "amount")
