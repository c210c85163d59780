"""What must hold of every plan; checked on leaving core."""

from __future__ import annotations

import polars as pl


class PlanError(AssertionError):
    """A fault of the program: a late item asked for and held at once, or neither, or a cent that is nowhere."""


def assert_told(overdue: pl.DataFrame, lines: pl.DataFrame, held: pl.DataFrame, parts: pl.DataFrame) -> None:
    """Every late item is in one of lines and held, once; what is asked for and held sums to what is open."""
    told = pl.concat(
        [lines.select("item_id", "amount", "held"), held.select("item_id", "amount", held=pl.lit(0, pl.Int64))]
    )
    faults = []
    if told["item_id"].is_duplicated().any():
        faults.append("an item is told twice")
    missing = overdue.join(told, on="item_id", how="anti").height
    beyond = told.join(overdue, on="item_id", how="anti").height
    if missing or beyond:
        faults.append(f"{missing} late items are told nowhere, {beyond} that are not late")
    both = overdue.join(told.with_columns(sum=pl.col("amount") + pl.col("held")), on="item_id")
    if both.filter(pl.col("sum") != pl.col("open")).height:
        faults.append("asked for and held is not what is open")
    if (lines["amount"] <= 0).any() or (lines["held"] < 0).any():
        faults.append("a line asks for nothing")
    said = parts.group_by("item_id").agg(by_gates=pl.col("amount").sum())
    short = lines.filter(pl.col("held") > 0).join(said, on="item_id", how="left")
    if short.filter((pl.col("by_gates") < pl.col("held")).fill_null(True)).height:
        faults.append("a held part has no reason")
    if faults:
        raise PlanError("; ".join(faults))
