"""The files behind one credit for many items: payout, draft and factor batches, remittance advices of two receipts."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.matching.plan import NAMES, START, Plan
from benchmarks.matching.texts import batch_numbers

_WITH_FILE = ("card_payout", "lcr_batch", "factor_batch", "shared_advice")


def batch_lines(plan: Plan, lines: pl.DataFrame, item_ids: pl.Series) -> pl.DataFrame:
    """batch_id, kind, item_id, amount: what each batch or advice lists. Without it such a receipt is guesswork."""
    listed = lines.filter(pl.Series(plan.among(*_WITH_FILE)[lines["receipt"].to_numpy()]))
    receipt = listed["receipt"].to_numpy()
    return listed.select(
        batch_id=batch_numbers(plan)[receipt],
        kind=pl.Series(np.array(NAMES)[plan.pattern[receipt]]),
        item_id=item_ids[listed["item"]],
        amount="amount",
    ).sort("batch_id", "item_id")


def instrument_tables(plan: Plan, items: pl.DataFrame, lines: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Drafts presented in a batch, one for each item: the Book knows them before the bank pays the batch."""
    drafts = lines.filter(kind="lcr_batch").join(
        items.select("item_id", "customer_id", "currency", "due_on"), on="item_id"
    )
    rows = plan.rows("lcr_batch")
    booked = pl.DataFrame({"batch_id": batch_numbers(plan)[rows], "booked": plan.booked[rows]})
    drafts = drafts.join(booked, on="batch_id", maintain_order="left").with_columns(
        instrument_id=pl.format("LCR:{}", "item_id")
    )
    paid = pl.lit(START) + pl.duration(days=pl.col("booked"))
    instruments = drafts.select(
        "instrument_id", "customer_id", "amount", "currency", "batch_id",
        kind=pl.lit("lcr"), due_on=paid, state=pl.lit("presented"), state_on=paid - pl.duration(days=5),
    )  # fmt: skip
    return {"instruments": instruments, "instrument_items": drafts.select("instrument_id", "item_id", "amount")}
