"""The text quotes several items and exactly one of them has the receipt's amount: shown, never posted."""

from __future__ import annotations

import polars as pl

from encours.core.matching.case import Case
from encours.core.matching.rule import Found, Rule
from encours.core.matching.rules.quoted_exact import quoted_lines

#: A person decides; the figure only orders the queue, below every proposal that explains the whole text.
CONFIDENCE = 0.8


def _find(case: Case, rows: pl.DataFrame) -> Found:
    lines = quoted_lines(case, rows).filter(pl.col("open") != 0)
    counted = lines.with_columns(quoted=pl.len().over("row"), fits=pl.col("open") == pl.col("unapplied"))
    fitting = counted.filter("fits").filter(pl.len().over("row") == 1).sort("row", "item_id")
    heads = fitting.select(
        "row",
        may_post=pl.lit(False),
        confidence=pl.lit(CONFIDENCE),
        alternatives=(pl.col("quoted") - 1).cast(pl.Int64),
        reason=pl.format("{} items are quoted and only one of them is open for this amount", pl.col("quoted")),
    )
    return Found(heads, fitting.select("row", "item_id", amount="open"))


RULE = Rule(
    name="quoted_one_of_several",
    order=20,
    sentence="Several items are quoted, one alone is open for exactly what was received.",
    find=_find,
)
