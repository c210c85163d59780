"""Were promises kept? Judged from what was booked by their day, as far as the bank's data reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

#: One row a promise. `item_id` null: of all that the customer owes. `amount` null: all that is open of it. `payer`:
#: who pays for the customer. `held_until`: the last day on which money still counts as in time.
PROMISED_SCHEMA: dict[str, pl.DataType] = {
    "promise_id": pl.String(),
    "customer_id": pl.String(),
    "payer": pl.String(),
    "item_id": pl.String(),
    "amount": pl.Int64(),
    "currency": pl.String(),
    "made_on": pl.Date(),
    "due_on": pl.Date(),
    "held_until": pl.Date(),
}
#: What settled promised items (`proof`: an allocation; `amount` positive), on the day its money was booked.
SETTLED_SCHEMA: dict[str, pl.DataType] = {
    "proof": pl.String(),
    "item_id": pl.String(),
    "customer_id": pl.String(),
    "on": pl.Date(),
    "amount": pl.Int64(),
}
#: Money of payers that is not applied yet (`proof`: a receipt).
MONEY_SCHEMA: dict[str, pl.DataType] = {
    "proof": pl.String(),
    "payer": pl.String(),
    "currency": pl.String(),
    "on": pl.Date(),
    "amount": pl.Int64(),
}
JUDGED_SCHEMA: dict[str, pl.DataType] = {
    "promise_id": pl.String(),
    "state": pl.String(),
    "paid": pl.Int64(),
    "evidence": pl.List(pl.String()),
}
#: So much of a promise may be missing: a bank's fee is no broken word. One part in this many.
_TOLERANCE = 200
#: An account without money for longer than this is not in use: nobody waits for its bank.
REACH_DAYS = 45


@dataclass
class _Pot:
    """Money that promises draw on, the oldest first; what one has drawn is there for no other."""

    rows: list[list[Any]] = field(default_factory=list)  # on, proof, left

    def draw(self, wanted: int, first: date, last: date) -> tuple[int, list[str]]:
        """Takes up to `wanted` of what came from `first` to `last`: how much, and its proofs."""
        drawn, proofs = 0, []
        for row in self.rows:
            if drawn >= wanted:
                break
            if row[2] > 0 and first <= row[0] <= last:
                part = min(row[2], wanted - drawn)
                row[2] -= part
                drawn += part
                proofs.append(row[1])
        return drawn, proofs


def judge(
    promised: pl.DataFrame,
    open_amounts: Mapping[str, int],
    settled: pl.DataFrame,
    money: pl.DataFrame,
    as_of: date,
    banked_on: date | None,
) -> pl.DataFrame:
    """JUDGED_SCHEMA, a row each of PROMISED_SCHEMA: pending, kept, partly or broken.

    `open_amounts`: item -> what is open of it. `banked_on`: the last day the bank's data covers; before it covers a
    promise's last day nobody can say that it was broken. Promises are judged in the order of their days; money that
    one has drawn keeps no other. Money that came in time and waits to be applied keeps a promise once its day is over.
    """
    pots, free = _by(settled, "item_id"), _by_payer(money)
    anywhere = _by(settled, "customer_id")
    found = []
    for row in promised.sort("due_on", "made_on", "promise_id").iter_rows(named=True):
        first, last = min(row["made_on"], row["due_on"]), row["held_until"]
        pot = anywhere[row["customer_id"]] if row["item_id"] is None else pots[row["item_id"]]
        wanted = _wanted(row, pot, open_amounts, first)
        paid, proofs = pot.draw(wanted, first, last)
        over = last < as_of and banked_on is not None and last <= banked_on
        if over and not enough(paid, wanted):
            more, receipts = free[(row["payer"], row["currency"])].draw(wanted - paid, first, last)
            paid, proofs = paid + more, proofs + receipts
        state = "kept" if enough(paid, wanted) else _unkept(paid) if over else "pending"
        found.append((row["promise_id"], state, paid, proofs))
    return pl.DataFrame(found, schema=JUDGED_SCHEMA, orient="row")


def banked_on(last: pl.DataFrame, stated: pl.DataFrame) -> date | None:
    """The day that the data of every bank account in use covers; without bank data, that of the ledger's receipts.

    `last`: origin, account, on, the last day with money of each account within REACH_DAYS. `stated`: account, on, the
    last day that its statements cover. None where there is no money at all.
    """
    for origin in ("bank", "ledger"):
        mine = last.filter(pl.col("origin") == origin).select("account", "on")
        if mine.height:
            told = pl.concat([mine, stated.join(mine, on="account", how="semi").select("account", "on")])
            ends: list[date] = told.drop_nulls("on").group_by("account").agg(pl.col("on").max())["on"].to_list()
            return min(ends)
    return None


def _wanted(row: Mapping[str, Any], pot: _Pot, open_amounts: Mapping[str, int], first: date) -> int:
    """What keeping it takes: its amount, else all that was open of the item when it was made, else any money."""
    if row["amount"] is not None:
        return abs(int(row["amount"]))
    if row["item_id"] is None:
        return 1
    since = sum(int(left) for on, _, left in pot.rows if on >= first)
    return max(1, open_amounts.get(row["item_id"], 0) + since)


def enough(paid: int, wanted: int) -> bool:
    """Whether what was paid is what was wanted (minor units); one part in 200 may be missing, as of a bank's fee."""
    return (wanted - paid) * _TOLERANCE <= wanted


def _unkept(paid: int) -> str:
    return "partly" if paid else "broken"


def _by(settled: pl.DataFrame, column: str) -> defaultdict[str, _Pot]:
    pots: defaultdict[str, _Pot] = defaultdict(_Pot)
    for row in _in_order(settled):
        pots[row[column]].rows.append([row["on"], row["proof"], row["amount"]])
    return pots


def _by_payer(money: pl.DataFrame) -> defaultdict[tuple[str, str], _Pot]:
    pots: defaultdict[tuple[str, str], _Pot] = defaultdict(_Pot)
    for row in _in_order(money):
        pots[(row["payer"], row["currency"])].rows.append([row["on"], row["proof"], row["amount"]])
    return pots


def _in_order(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    return rows.filter(pl.col("amount") > 0).sort("on", "proof").iter_rows(named=True)
