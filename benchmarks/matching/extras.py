"""What the published mix lacks: the files behind one credit for many items, cheques that bounce, other currencies, and
what payers set off by themselves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from benchmarks.matching.draws import Draws, Ints
from benchmarks.matching.plan import DAYS, NAMES, START, Plan

_WITH_FILE = ("card_payout", "lcr_batch", "factor_batch", "shared_advice")


#: The other currency and what one euro is in it; what the payer's bank gave differs by so much at most.
CURRENCY, _RATE, _SPREAD = "USD", 1.08, 0.003
#: One bounced cheque in five comes back with the bank's fee on top; three in five are named by their number.
_FEE_SHARE, _NUMBERED = 0.2, 3


def return_fees(plan: Plan, seed: int) -> Ints:
    """What the bank takes beyond a bounced cheque, negative, by receipt."""
    draws = Draws(seed, "return-fees")
    fees = np.where(draws.chance(_FEE_SHARE, plan.count), draws.between(1_000, 2_500, plan.count), 0)
    return np.where(plan.among("cheque_return"), -fees, 0)


def currency_gaps(plan: Plan, settled: Ints, seed: int) -> Ints:
    """What the amount in the other currency differs in figures from the euros that it settles, by receipt."""
    rate = _RATE * (1 + _SPREAD * (Draws(seed, "rates").between(0, 2_000, plan.count) / 1_000 - 1))
    other = np.rint(settled * rate).astype(np.int64)
    return np.where(plan.among("other_currency"), other - settled, 0)


def kept_back(plan: Plan, seed: int) -> Ints:
    """Share of its items that a receipt leaves open for a rebate or a penalty that no credit note allows yet, in
    ten-thousandths."""
    draws = Draws(seed, "kept-back")
    share = np.zeros(plan.count, dtype=np.int64)
    for name, low, high in (("rebate", 100, 500), ("logistics_penalty", 50, 1_000)):
        share = np.where(plan.among(name), draws.between(low, high, plan.count), share)
    return share


def set_off(plan: Plan, settled: Ints, total: Ints, seed: int) -> Ints:
    """What differs where the payer sets off what it is owed, or pays interest and the 40 € of late payment, by receipt.

    `total`: what each receipt would bring without this. A deducted advance is that of the earlier receipt, as far as
    six tenths of the items; one from before the book is two to five tenths of them.
    """
    draws, count = Draws(seed, "set-off"), plan.count
    owed = settled * draws.between(500, 6_000, count) // 10_000
    before = settled * draws.between(2_000, 5_000, count) // 10_000
    known = np.minimum(total[np.maximum(plan.earlier, 0)], settled * 6 // 10)
    interest = settled * draws.between(800, 1_200, count) * draws.between(5, 60, count) // (10_000 * 365)
    ways = {
        "netting": -owed,
        "deducted_advance": -np.where(plan.earlier >= 0, known, before),
        "late_penalty": 4_000 + interest,
    }
    found = np.zeros(count, dtype=np.int64)
    for name, values in ways.items():
        found = np.where(plan.among(name), values, found)
    return found


def rate_table(plan: Plan) -> dict[str, pl.DataFrame]:
    """The rates of the days, where a receipt is in the other currency."""
    if not len(plan.rows("other_currency")):
        return {}
    days = [START + timedelta(days=day) for day in range(DAYS[plan.mode] + 15)]
    return {"rates": pl.DataFrame({"currency": CURRENCY, "on": days, "rate": _RATE})}


def batch_numbers(plan: Plan) -> pl.Series:
    """A number for each batch or advice: what the text names and the batch file lists. Two receipts share an advice."""
    first = np.where(plan.among("shared_advice") & (plan.earlier >= 0), plan.earlier, np.arange(plan.count))
    return pl.Series(first + 7_000_000).cast(pl.String)


def cheque_words(plan: Plan) -> dict[str, pl.Series]:
    """`cheque`: the number of a cheque that will bounce (null: no such cheque); `bounced`: what its return says."""
    rows = plan.rows("cheque_return")
    number = np.full(plan.count, -1)
    number[plan.earlier[rows]] = plan.earlier[rows]
    own = np.where(plan.among("cheque_return"), plan.earlier, 0)
    frame = pl.DataFrame({"number": number, "own": own}).select(
        cheque=pl.when(pl.col("number") >= 0).then((pl.col("number") + 1_000_000).cast(pl.String)),
        bounced=pl.when(pl.col("own") % 5 < _NUMBERED)
        .then(pl.format("CHEQUE IMPAYE {} PROVISION INSUFFISANTE", (pl.col("own") + 1_000_000).cast(pl.String)))
        .otherwise(pl.lit("CHEQUE IMPAYE SANS PROVISION")),
    )
    return {"cheque": frame["cheque"], "bounced": frame["bounced"]}


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
