"""How much the payments of a book move together, measured on its own past.

A customer's past delays are turned into normal numbers by their rank among the customer's own, so that what is usual
for the customer is taken out. How alike two of them are that share a due day, a due week, a few weeks or nothing but
the calendar is what such payments share (intraclass correlation: Fisher, 1925).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.forecast.draws import Shares
from encours.core.forecast.normal import normal

#: The past that is measured; what fell due in the last weeks would show only those who paid soon.
_PAST_DAYS, _OPEN_DAYS = 400, 30
#: Payments that a payer needs to be ranked.
_LEAST = 10
#: What is usual, and for how many payments it speaks: what the books at hand showed on weeks apart.
_USUAL, _WEIGHT = {"book": 0.01, "payer": 0.03, "week": 0.08, "day": 0.3}, 300.0
#: A distribution that was learnt is wrong by itself: for the whole book alike, and for each payer.
WRONG_BOOK, WRONG_PAYER = 0.01, 0.07
#: What an item keeps for itself at least.
_OWN = 0.1
#: Receipts that we draw: their day is ours.
_DRAWN = ("direct_debit", "draft")


def shares(known: Book, as_of: date) -> Shares:
    """What payments share, from those known at the end of `as_of`; few of them lean on what is usual."""
    rows = _ranked(_paid(known, as_of))
    found = {name: _shrunk(rows, name, keys) for name, keys in _GROUPS.items()}
    payer = max(0.0, found["payer"])
    week = max(0.0, found["week"] - payer)
    day = max(0.0, found["day"] - payer - week)
    all_of = np.array([max(0.0, found["book"]) + WRONG_BOOK, payer + WRONG_PAYER, week, day])
    return Shares(*(all_of * min(1.0, (1 - _OWN) / all_of.sum())).tolist())


_GROUPS = {
    "book": ("week",),
    "payer": ("payer_id", "month"),
    "week": ("payer_id", "week"),
    "day": ("payer_id", "due_on"),
}


def _paid(known: Book, as_of: date) -> pl.DataFrame:
    """payer_id, due_on, delay (days) of items that customers paid in full by money that they decided to send."""
    money = known.receipts.select("receipt_id", "booked_on", channel="kind")
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & (pl.col("kind") == "cash"))
    paid = letters.join(money, on="receipt_id", how="left").filter(~pl.col("channel").is_in(_DRAWN).fill_null(False))
    last = paid.group_by("item_id").agg(paid_on=pl.coalesce("booked_on", "allocated_on").max())
    due = pl.col("due_on").is_between(as_of - timedelta(days=_PAST_DAYS), as_of - timedelta(days=_OPEN_DAYS))
    items = known.open_items().filter(due & (pl.col("amount") > 0) & (pl.col("open") <= 0))
    rows = items.select("item_id", "customer_id", "due_on").join(last, on="item_id")
    rows = rows.join(payers(known.customers, known.customer_links)[0], on="customer_id", how="left")
    return rows.select(
        "item_id",
        "due_on",
        payer_id=pl.coalesce("payer_id", "customer_id"),
        delay=(pl.col("paid_on") - pl.col("due_on")).dt.total_days(),
    )


def _ranked(paid: pl.DataFrame) -> pl.DataFrame:
    """payer_id, due_on, week, month (four weeks), luck: the delay as a normal number among the payer's own."""
    rows = paid.filter(pl.len().over("payer_id") >= _LEAST).sort("payer_id", "due_on", "item_id")
    share = rows.select((pl.col("delay").rank("average").over("payer_id") - 0.5) / pl.len().over("payer_id"))
    return rows.select(
        "payer_id",
        "due_on",
        week=pl.col("due_on").dt.truncate("1w"),
        month=pl.col("due_on").dt.truncate("4w"),
        luck=pl.Series(normal(share.to_series().to_numpy())),
    )


def _shrunk(rows: pl.DataFrame, name: str, keys: tuple[str, ...]) -> float:
    """How alike two payments of a group are, each payment counting once; few lean on what is usual."""
    groups = rows.group_by(keys).agg(
        total=pl.col("luck").sum(), squares=(pl.col("luck") ** 2).sum(), size=pl.len().cast(pl.Float64)
    )
    groups = groups.filter(pl.col("size") > 1).sort(keys)
    spread = float((rows["luck"].to_numpy() ** 2).mean()) if rows.height else 0.0
    if groups.is_empty() or spread <= 0:
        return _USUAL[name]
    pairs = (pl.col("total") ** 2 - pl.col("squares")) / (pl.col("size") - 1)
    alike, count = groups.select(alike=pairs.sum() / spread, count=pl.col("size").sum()).row(0)
    return float((alike + _WEIGHT * _USUAL[name]) / (count + _WEIGHT))
