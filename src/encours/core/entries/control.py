"""What a batch is checked by: every entry balances, and its total ties to the statement lines that it covers."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

#: The roles of lines that are the money itself; what lay in collection passes through and comes to nothing.
MONEY_ROLES = ("bank", "suspense", "collection")


@dataclass(frozen=True)
class Control:
    """`total`: the money that the batch books, by currency of the statement. `rests`: what of its statement lines stays
    unapplied, apart. total + rests + what other batches took = the lines' own amounts.
    """

    entries: int
    lines: int
    debit: int
    credit: int
    totals: dict[str, int]
    statements: dict[str, int]
    rests: dict[str, int]


def control(entries: pl.DataFrame, covers: pl.DataFrame, receipts: pl.DataFrame) -> Control:
    """Checks a batch and says its figures.

    `receipts`: receipt_id, amount, currency, taken (all cash of it that stands exported, this batch with it). Raises
    AssertionError where an entry is out of balance or the money's lines are not the settlements' cash.
    """
    gaps = entries.group_by("entity_id", "piece").agg(pl.col("net").sum()).filter(pl.col("net") != 0)
    assert not gaps.height, f"entries out of balance: {gaps['piece'].to_list()}"
    _check_money(entries, covers)
    of_batch = receipts.filter(pl.col("receipt_id").is_in(covers["receipt_id"].unique().implode()))
    return Control(
        entries["piece"].n_unique(),
        entries.height,
        int(entries.filter(pl.col("net") > 0)["net"].sum()),
        -int(entries.filter(pl.col("net") < 0)["net"].sum()),
        _sums(covers, "cash", "cash_currency"),
        _sums(of_batch, "amount", "currency"),
        _sums(of_batch.with_columns(rest=pl.col("amount") - pl.col("taken")), "rest", "currency"),
    )


def _check_money(entries: pl.DataFrame, covers: pl.DataFrame) -> None:
    """Receipt by receipt: what its lines book is what its settlements take of it and no advance or ledger holds."""
    money = entries.filter(pl.col("role").is_in([*MONEY_ROLES, "transfer", "advance"]))
    booked = money.filter(pl.col("foreign_currency") == "").group_by("receipt_id").agg(booked=pl.col("net").sum())
    foreign = money.filter(pl.col("foreign_currency") != "")["receipt_id"].unique()
    with_entry = covers.filter(pl.col("piece").is_not_null() & (pl.col("kind") != "advance"))
    taken = with_entry.group_by("receipt_id").agg(pl.col("cash").sum())
    home = dict(entries.select("receipt_id", "currency").iter_rows())
    both = booked.join(taken, on="receipt_id").filter(~pl.col("receipt_id").is_in(foreign.implode()))
    told = dict(covers.select("receipt_id", "cash_currency").iter_rows())
    wrong = [
        receipt_id
        for receipt_id, in_books, in_cash in both.select("receipt_id", "booked", "cash").iter_rows()
        if told[receipt_id] == home[receipt_id] and in_books != in_cash
    ]
    assert not wrong, f"the money's lines are not the settlements' cash: {wrong}"


def _sums(frame: pl.DataFrame, amount: str, currency: str) -> dict[str, int]:
    rows = frame.group_by(currency).agg(pl.col(amount).sum()).sort(currency)
    return {str(code): int(total) for code, total in rows.iter_rows()}
