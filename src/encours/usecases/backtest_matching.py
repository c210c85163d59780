"""Replay the past of a book: what would have been proposed and posted each day, beside the book's own later letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.issue import CallError
from encours.core.matching.backtest import Backtest, backtest
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE

DEFINITIONS = {
    "receipts": "receipts booked, and known, in the window",
    "lettered": "of these, receipts that the book's letters settle, wholly or in part, by its last day",
    "proposed": "receipts with a proposal, automatic ones included",
    "automatic": "receipts that would have been posted without a person",
    "compared": "receipts with a proposal and with letters",
    "agree": "items and amounts are those of the letters, all of them and no other",
    "same_letter": "inside a letter of several payments, which does not say which of them paid what",
    "differ": "another item, or another amount; letters are wrong in about one case in a hundred, so a person judges",
    "agreement": "(agree + same_letter) / compared",
    "automatic_agreement": "the same of automatic receipts",
}


@dataclass(frozen=True)
class Backtested:
    """A replay: its window, what came of it, the issues of the folder."""

    start: date
    end: date
    max_error_rate: float
    result: Backtest
    issues: pl.DataFrame

    @property
    def all(self) -> dict[str, Any]:
        """The figures of all receipts together; nothing where there are none."""
        rows = self.result.figures.filter(group="all").to_dicts()
        return rows[0] if rows else {}

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the window, the figures by group, what each figure means."""
        groups: dict[str, dict[str, Any]] = {}
        for row in self.result.figures.iter_rows(named=True):
            group, value = row.pop("group"), row.pop("value")
            groups.setdefault(group, {})[value] = {
                name: round(figure, 5) if isinstance(figure, float) else figure for name, figure in row.items()
            }
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "max_error_rate": self.max_error_rate,
            "disagreements": self.result.disagreements.height,
            "figures": groups,
            "definitions": DEFINITIONS,
        }


def backtest_matching(
    path: Path,
    start: date | None = None,
    end: date | None = None,
    max_error_rate: float = DEFAULT_MAX_ERROR_RATE,
    watch: Callable[[date], None] | None = None,
) -> Backtested:
    """Replays a book folder from `start` (default: its first receipt) to `end` (default: its last day).

    Raises CallError where the folder is no book, holds no receipt, or the window is turned round.
    """
    book, issues = read_book(path)
    first, last = book.receipts["booked_on"].min(), book.last_day()
    if first is None or last is None:
        raise CallError([f"{path} holds no receipts: there is nothing to replay"])
    if not isinstance(first, date):
        raise AssertionError("a booking day is a date")
    begins, ends = start or first, end or last
    return Backtested(begins, ends, max_error_rate, backtest(book, begins, ends, max_error_rate, watch), issues)
