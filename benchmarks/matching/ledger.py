"""The book as a company would hold it on a day of a stream: what is issued, what came, what was settled until then."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import date

import numpy as np
import polars as pl

from benchmarks.matching.generate import Case
from encours.core.base.book import Book
from encours.core.base.schema import TABLES

_ALLOCATIONS = TABLES["allocations"]
_RECEIPTS = TABLES["receipts"]


class Ledger:
    """A case's facts in the order of time, and what the desk has made of them so far.

    What is settled is settled for good, but for wrong posts: these stand until somebody finds them (`correct`).
    """

    def __init__(self, case: Case) -> None:
        self._book = case.book
        self._items = case.book.items.sort("issued_on", maintain_order=True)
        self._issued = self._items["issued_on"].to_numpy()
        self._amount = self._items["amount"].to_numpy()
        self.receipts = case.book.receipts.sort("booked_on", "receipt_id")
        self._booked = self.receipts["booked_on"].to_numpy()
        place = self._items.select("item_id", place=pl.int_range(pl.len()))
        self._truth = _as_lines(case).join(place, on="item_id", maintain_order="left")
        self._place = place
        self._taken = np.zeros(self._items.height, dtype=np.int64)
        self._settled = [_ALLOCATIONS.empty()]
        self._done = [_RECEIPTS.empty()]
        self._wrong: dict[str, pl.DataFrame] = {}

    def twin(self) -> Ledger:
        """The same book, which goes its own way from here."""
        other = copy.copy(self)
        other._taken, other._wrong = self._taken.copy(), dict(self._wrong)
        other._settled, other._done = list(self._settled), list(self._done)
        return other

    def between(self, first: date, last: date) -> pl.DataFrame:
        """The receipts booked from one day to another, both included."""
        begin, end = np.searchsorted(self._booked, [np.datetime64(first), np.datetime64(last) + 1])
        return self.receipts.slice(begin, end - begin)

    def book(self, fresh: pl.DataFrame, last: date) -> Book:
        """The book at the end of a day with the receipts of the desk, `fresh`, not applied yet."""
        there = int(np.searchsorted(self._issued, np.datetime64(last), side="right"))
        standing = list(self._wrong.values())
        allocations = pl.concat([*self._settled, *(_ALLOCATIONS.conform(lines) for lines in standing)])
        receipts = pl.concat([*self._done, self._closed(self._of(self._wrong), standing), fresh])
        self._settled, self._done = [pl.concat(self._settled)], [pl.concat(self._done)]
        return self._book.replace(items=self._items.head(there), receipts=receipts, allocations=allocations)

    def settle(self, receipt_ids: pl.Series, day: date) -> None:
        """What these receipts truly pay is applied; what nothing is owed for leaves the desk (refunded, an advance)."""
        lines = self._truth.filter(pl.col("receipt_id").is_in(receipt_ids.implode())).with_columns(
            allocated_on=pl.lit(day)
        )
        np.add.at(self._taken, lines["place"].to_numpy(), lines["amount"].to_numpy())
        self._settled.append(_ALLOCATIONS.conform(lines))
        self._done.append(self._closed(self._of(lines["receipt_id"].unique().to_list()), [lines]))

    def post_wrong(self, receipt_ids: Iterable[str], proposed: pl.DataFrame, day: date) -> None:
        """Posts what was proposed though it is not the truth: the book holds it until it is found."""
        for receipt_id in receipt_ids:
            lines = proposed.filter(pl.col("receipt_id") == receipt_id).with_columns(allocated_on=pl.lit(day))
            lines = lines.join(self._place, on="item_id", maintain_order="left")
            np.add.at(self._taken, lines["place"].to_numpy(), lines["amount"].to_numpy())
            self._wrong[receipt_id] = lines

    def conflicting(self) -> list[str]:
        """Wrong posts that took what another receipt has paid since: the clerk stumbles on them."""
        found = []
        for receipt_id, lines in self._wrong.items():
            place = lines["place"].to_numpy()
            if (np.abs(self._taken[place]) > np.abs(self._amount[place])).any():
                found.append(receipt_id)
        return found

    def correct(self, receipt_ids: Iterable[str], day: date) -> None:
        """Takes wrong posts back and applies what those receipts truly pay."""
        for receipt_id in receipt_ids:
            lines = self._wrong.pop(receipt_id)
            np.add.at(self._taken, lines["place"].to_numpy(), -lines["amount"].to_numpy())
            self.settle(pl.Series([receipt_id]), day)

    def _of(self, receipt_ids: Iterable[str]) -> pl.DataFrame:
        wanted = pl.Series(list(receipt_ids), dtype=pl.String)
        return self.receipts.filter(pl.col("receipt_id").is_in(wanted.implode()))

    def _closed(self, receipts: pl.DataFrame, lines: list[pl.DataFrame]) -> pl.DataFrame:
        """Receipts with the money that they settle: what is over was refunded or booked elsewhere by the clerk."""
        if not receipts.height:
            return receipts
        cash = pl.concat([part.select("receipt_id", "amount", "kind") for part in lines]).filter(kind="cash")
        used = cash.group_by("receipt_id").agg(used=pl.col("amount").sum())
        closed = receipts.join(used, on="receipt_id", how="left", maintain_order="left")
        return _RECEIPTS.conform(closed.with_columns(amount=pl.col("used").fill_null(0)))


def _as_lines(case: Case) -> pl.DataFrame:
    """The truth as allocations: what was deducted (discount, charge, rounding) stands beside the cash of one item."""
    short = case.receipts.filter(pl.col("adjustment") < 0).select("receipt_id", deducted=-pl.col("adjustment"))
    rows = case.truth.join(short, on="receipt_id", how="left", maintain_order="left").with_columns(
        largest=pl.col("amount") == pl.col("amount").max().over("receipt_id"), deducted=pl.col("deducted").fill_null(0)
    )
    first = pl.col("largest") & (pl.col("largest").cast(pl.Int32).cum_sum().over("receipt_id") == 1)
    rows = rows.with_columns(deducted=pl.when(first).then("deducted").otherwise(0))
    cash = rows.select("receipt_id", "item_id", amount=pl.col("amount") - pl.col("deducted"), kind=pl.lit("cash"))
    less = rows.filter(pl.col("deducted") != 0).select(
        "receipt_id", "item_id", amount="deducted", kind=pl.lit("write_off")
    )
    both = pl.concat([cash, less])
    name = pl.format("desk:{}:{}:{}", "receipt_id", "item_id", "kind")
    return both.with_columns(allocation_id=name, source=pl.lit("clerk"))
