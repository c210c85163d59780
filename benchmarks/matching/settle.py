"""What each receipt settles: the truth by receipt and item, the amount of the receipt, the cause of any difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.matching.draws import Draws, Ints
from benchmarks.matching.extras import currency_gaps, kept_back, return_fees, set_off
from benchmarks.matching.plan import RETURNS, Plan

#: Pattern → why what is received differs from what is settled.
CAUSES = {
    "discount": "discount",
    "rounding": "rounding",
    "charge": "bank_charge",
    "overpayment": "overpayment",
    "advance": "advance",
    "not_ar": "not_ar",
    "duplicate": "duplicate",
    "withholding": "withholding",
    "card_payout": "card_fee",
    "factor_batch": "factor_fee",
    "cheque_return": "return_fee",
    "other_currency": "currency",
    "netting": "netting",
    "deducted_advance": "deducted_advance",
    "late_penalty": "late_penalty",
}


@dataclass(frozen=True)
class Settled:
    """`lines`: receipt, item (places), amount: what the receipt takes off the item, in the item's sign, adjustment
    included. By receipt: `amount` = Σ lines + `adjustment`; `left_open` is what of the quoted items it leaves."""

    lines: pl.DataFrame
    amount: Ints
    adjustment: Ints
    left_open: Ints


def settle(plan: Plan, items: pl.DataFrame, seed: int) -> Settled:
    """The truth. Money is conserved by construction and asserted on leaving."""
    draws = Draws(seed, "settle")
    owned = items.filter(pl.col("owner") >= 0).select("owner", "item", "amount", "discount")
    receipt, item = owned["owner"].to_numpy(), owned["item"].to_numpy().astype(np.int64)
    amount = owned["amount"].to_numpy()
    keeps = (_left_open(plan, draws) + kept_back(plan, seed))[receipt] * amount // 10_000
    lines = pl.DataFrame({"receipt": receipt, "item": item, "amount": amount - keeps, "full": amount})
    lines = pl.concat([lines, _second_instalments(plan, lines), *_returned(plan, lines)])
    settled, full = _sum(lines, "amount", plan.count), _sum(lines, "full", plan.count)
    adjustment = _adjustments(plan, settled, _sum_of(owned, plan.count), draws)
    adjustment += return_fees(plan, seed) + currency_gaps(plan, settled, seed)
    adjustment += set_off(plan, settled, settled + adjustment, seed)
    total = settled + adjustment
    again = plan.rows("duplicate")
    total[again] = adjustment[again] = total[plan.earlier[again]]
    _assert_money(plan, lines, items, total, adjustment)
    return Settled(lines.select("receipt", "item", "amount").sort("receipt", "item"), total, adjustment, full - settled)


def _left_open(plan: Plan, draws: Draws) -> Ints:
    """Share of its items that a receipt leaves open, in ten-thousandths."""
    count = plan.count
    share = np.zeros(count, dtype=np.int64)
    for name, low, high in (("partial", 2_000, 8_000), ("dispute", 100, 2_500), ("retention", 500, 500)):
        share = np.where(plan.among(name), draws.between(low, high, count), share)
    return share


def _second_instalments(plan: Plan, lines: pl.DataFrame) -> pl.DataFrame:
    """The rest of what a first instalment left."""
    rows = plan.rows("partial")
    second = rows[plan.earlier[rows] >= 0]
    pairs = pl.DataFrame({"second": second, "receipt": plan.earlier[second]})
    return lines.join(pairs, on="receipt").select(
        pl.col("second").alias("receipt"), "item", amount=pl.col("full") - pl.col("amount"), full=pl.col("full")
    )


def _returned(plan: Plan, lines: pl.DataFrame) -> list[pl.DataFrame]:
    """A returned direct debit or cheque reopens what it had paid."""
    rows = plan.rows(*RETURNS)
    pairs = pl.DataFrame({"back": rows, "receipt": plan.earlier[rows]})
    back = lines.join(pairs, on="receipt")
    return [back.select(pl.col("back").alias("receipt"), "item", amount=-pl.col("amount"), full=-pl.col("amount"))]


def _sum(lines: pl.DataFrame, column: str, count: int) -> Ints:
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, lines["receipt"].to_numpy(), lines[column].to_numpy())
    return total


def _sum_of(owned: pl.DataFrame, count: int) -> Ints:
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, owned["owner"].to_numpy(), owned["discount"].to_numpy())
    return total


def _adjustments(plan: Plan, settled: Ints, discount: Ints, draws: Draws) -> Ints:
    count = plan.count
    sign = np.where(draws.chance(0.5, count), 1, -1)
    free = np.maximum(draws.lognormal(60_000, 1.0, count), 100)
    rate = np.array([500, 1_000, 1_500])[draws.below(3, count)]
    ways = {
        "discount": -discount,
        "rounding": sign * draws.between(1, 100, count),
        "charge": -draws.between(500, 3_500, count),
        "overpayment": np.maximum(settled * draws.between(10, 300, count) // 1_000, 1),
        "advance": free,
        "not_ar": free,
        "withholding": -(settled * rate // 10_000),
        "card_payout": -(settled * draws.between(80, 200, count) // 10_000),
        "factor_batch": -(settled * draws.between(100, 250, count) // 10_000),
    }
    adjustment = np.zeros(count, dtype=np.int64)
    for name, values in ways.items():
        adjustment = np.where(plan.among(name), values, adjustment)
    return adjustment


def _assert_money(plan: Plan, lines: pl.DataFrame, items: pl.DataFrame, total: Ints, adjustment: Ints) -> None:
    """A fault of the generator, never of data: Σ truth + adjustment = receipt, and no item beyond its amount."""
    assert np.array_equal(_sum(lines, "amount", plan.count) + adjustment, total), "a receipt's money is not conserved"
    assert bool(((total > 0) | plan.among(*RETURNS)).all()), "a receipt brings no money"
    by_item = (
        lines.group_by("item")
        .agg(pl.col("amount").sum().alias("settled"))
        .join(items.select(pl.col("item").cast(pl.Int64), "amount"), on="item")
    )
    beyond = by_item.filter(pl.col("settled") * pl.col("amount").sign() > pl.col("amount").abs())
    assert not beyond.height, "an item is settled beyond its amount"
