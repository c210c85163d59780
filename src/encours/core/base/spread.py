"""Spreading amounts over amounts: who pays what, in order, without giving more than there is on either side."""

from __future__ import annotations

import polars as pl


def spread(left: pl.DataFrame, right: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """left_id, right_id, amount: the overlap of two rows of positive amounts laid end to end within each `by`.

    Both frames have the columns of `by`, `id` and `amount` (Int64, above 0), in the order in which they are to be
    used: the first of the left meets the first of the right. Exact: Σ amount of a group is the smaller side's total,
    and no row gives or takes more than its amount. Ids may have any type; `by` values must not be null.
    """
    if not left.height or not right.height:
        return pl.DataFrame(schema={**{name: left.schema[name] for name in by}, **_ids(left, right)})
    ends = pl.col("amount").cum_sum().over(by)
    lefts = left.select(*by, end=ends, left_id="id", right_id=pl.lit(None, dtype=right.schema["id"]))
    rights = right.select(*by, end=ends, left_id=pl.lit(None, dtype=left.schema["id"]), right_id="id")
    marks = pl.concat([lefts, rights]).with_row_index("_order").sort(*by, "end", "_order")
    # Filling backwards within a group without grouping: what leaks in from the next group bears that group's key.
    group = pl.struct(by) if len(by) > 1 else pl.col(by[0])
    marks = marks.with_columns(_key=group).with_columns(
        _left_key=pl.when(pl.col("left_id").is_not_null()).then("_key").backward_fill(),
        _right_key=pl.when(pl.col("right_id").is_not_null()).then("_key").backward_fill(),
        left_id=pl.col("left_id").backward_fill(),
        right_id=pl.col("right_id").backward_fill(),
        amount=pl.col("end")
        - pl.when(pl.col("_key") == pl.col("_key").shift(1)).then(pl.col("end").shift(1)).otherwise(0),
    )
    same = (pl.col("_left_key") == pl.col("_key")) & (pl.col("_right_key") == pl.col("_key"))
    return marks.filter(same & (pl.col("amount") > 0)).select(*by, "left_id", "right_id", "amount")


def _ids(left: pl.DataFrame, right: pl.DataFrame) -> dict[str, pl.DataType]:
    return {"left_id": left.schema["id"], "right_id": right.schema["id"], "amount": pl.Int64()}
