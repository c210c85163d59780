"""What people judged: the only rows that certify, ranked by the confidence that the engine had."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

#: A stratum is how a proposal knows its items. The last one stands for all receipts together.
QUOTED, OTHER, AMOUNT, POOLED = "quoted_exactly", "other_reference", "amount_only", "all"
STRATA = (QUOTED, OTHER, AMOUNT)
#: What a batch file or an advice says line by line. It posts on a proof alone, so no certificate is made for it; its
#: posts are audited and tested like those of a stratum.
BY_FILE = "by_file"
TESTED = (*STRATA, BY_FILE)

#: One row a judgement. `confidence`: what the engine gave its proposal, before the judgement. `amount`: minor units of
#: one currency, the sign is ignored. `right`: whether its items were the true ones, all and no other. `source`: person,
#: letter, or found (a wrong post that came to light outside the audit). `chance` (may be absent: 1): how likely it was
#: that this receipt would be judged, 0 excluded.
JUDGED_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "day": pl.Date(),
    "stratum": pl.String(),
    "confidence": pl.Float64(),
    "amount": pl.Int64(),
    "right": pl.Boolean(),
    "source": pl.String(),
    "chance": pl.Float64(),
}


class History(NamedTuple):
    """Judged receipts, the surest first: `confidence`, `wrong`, `amount` (minor units, ≥ 0), `weight` (1/chance)."""

    confidence: npt.NDArray[np.float64]
    wrong: npt.NDArray[np.bool_]
    amount: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]

    @property
    def size(self) -> int:
        """How many receipts."""
        return len(self.wrong)

    @property
    def even(self) -> bool:
        """Whether each receipt was as likely to be judged as any other."""
        return self.size == 0 or bool(self.weight.max() == self.weight.min())

    def above(self, count: int) -> int:
        """How many receipts stand strictly above the one at place `count` (0 is the surest); all, where none does."""
        if count >= self.size:
            return self.size
        return int(np.searchsorted(-self.confidence, -self.confidence[count], side="left"))


def certifying(judged: pl.DataFrame, value_cap: int | None = None) -> pl.DataFrame:
    """One row for each receipt that a person judged, its last judgement, in JUDGED_SCHEMA.

    Left out: letters (they are wrong in one case in a hundred, so they cannot prove one in a thousand), errors that
    came to light by themselves (no sample: `known` counts them against all posts), rows without a judgement or a
    confidence, and amounts above `value_cap` (they never post by themselves, so they are not promised).
    """
    rows = conformed(judged).filter(
        pl.col("source") == "person",
        pl.col("right").is_not_null(),
        pl.col("confidence").is_not_nan(),
        pl.col("chance") > 0,
    )
    last = rows.sort("day", maintain_order=True).unique("receipt_id", keep="last", maintain_order=True)
    amount = pl.col("amount").fill_null(0).abs()
    return last.with_columns(amount).filter(True if value_cap is None else amount <= value_cap)


def conformed(judged: pl.DataFrame) -> pl.DataFrame:
    """The columns of JUDGED_SCHEMA; a chance that is not given is 1."""
    given = judged if "chance" in judged.columns else judged.with_columns(chance=1.0)
    rows = given.select(pl.col(name).cast(dtype) for name, dtype in JUDGED_SCHEMA.items())
    return rows.with_columns(pl.col("chance").fill_null(1.0))


def of_stratum(rows: pl.DataFrame, stratum: str) -> pl.DataFrame:
    """The rows of one stratum; POOLED: all of them."""
    return rows if stratum == POOLED else rows.filter(pl.col("stratum") == stratum)


def ranked(rows: pl.DataFrame) -> History:
    """Rows of `certifying` as arrays, the surest first."""
    surest = rows.sort("confidence", descending=True, maintain_order=True)
    return History(
        confidence=surest["confidence"].to_numpy(),
        wrong=~surest["right"].to_numpy(),
        amount=surest["amount"].cast(pl.Float64).to_numpy(),
        weight=(1 / surest["chance"]).to_numpy(),
    )


def strata_of(rows: pl.DataFrame) -> list[str]:
    """POOLED, the known strata, then any other that the rows name."""
    named = rows["stratum"].drop_nulls().unique().sort().to_list()
    return [POOLED, *STRATA, *(name for name in named if name not in STRATA)]
