"""Small and simulated ledgers: never worse than the payer's own median, and saying so where history is too thin."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from benchmarks.behaviour.books import CHOSEN_ON, LAST_DAY, real_book, sample_of, simulated_book
from benchmarks.behaviour.real import row_of
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour.replay import by_month, replay

#: What 2 % more than the own median's error is.
_WORSE = 2.0
_SIMULATED = tuple(date(2013, 1, 7) + timedelta(days=28 * turn) for turn in range(9))
_SEEDS = (1, 2, 3)


def _compared(name: str, book: Book, weeks: Sequence[date], last: date) -> list[Figure]:
    return _lines(name, replay(book, weeks, last).forecasts)


def _lines(name: str, forecasts: pl.DataFrame) -> list[Figure]:
    found = by_month(forecasts)
    ours, own = row_of(found, "model"), row_of(found, "own_median")
    return [
        Figure(f"{name}: forecasts", ours["forecasts"]),
        Figure(f"{name}: mean error", ours["mae"], "days"),
        Figure(f"{name}: above the own median's error by", 100 * (ours["mae"] / own["mae"] - 1), "%", at_most=_WORSE),
        Figure(f"{name}: between P10 and P90", 100 * ours["coverage"], "%"),
    ]


def main(argv: list[str] | None = None) -> int:
    """The simulated set, and samples of 300 and 3,000 invoices of the real book, three draws each."""
    call = arguments("Small and simulated ledgers", argv)
    lines: list[Figure] = []
    simulated, real = simulated_book(), real_book()
    if simulated is not None:
        lines += _compared("simulated", simulated, _SIMULATED, date(2014, 6, 1))
    if real is not None:
        for invoices in (300, 3_000):
            draws = [replay(sample_of(real, invoices, seed), CHOSEN_ON[::2], LAST_DAY) for seed in _SEEDS]
            lines += _lines(f"{invoices} invoices", pl.concat([draw.forecasts for draw in draws]))
    return report(call, lines) if lines else 0


if __name__ == "__main__":
    sys.exit(main())
