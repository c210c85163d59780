"""Payment dates of the open items of a real book, week by week, beside the due date and the payer's own median."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from benchmarks.behaviour.books import ALL_WEEKS, LAST_DAY, real_book, weeks_of
from benchmarks.harness import Figure, arguments, cpu_seconds, report
from encours.core.behaviour.replay import by_month, replay


def judged(weeks: Sequence[date]) -> tuple[pl.DataFrame, pl.DataFrame, float] | None:
    """Forecasts, their figures and the CPU time of a replay of the real book."""
    book = real_book()
    if book is None:
        return None
    start = cpu_seconds()
    found = replay(book, weeks, LAST_DAY, watch=lambda day: print(day, flush=True))
    return found.forecasts, found.figures, cpu_seconds() - start


def row_of(figures: pl.DataFrame, name: str) -> dict[str, Any]:
    """The figures of one forecaster over all months."""
    return figures.filter(pl.col("month").is_null() & (pl.col("forecaster") == name)).row(0, named=True)


def bars(figures: pl.DataFrame) -> list[Figure]:
    """Every bar on open items at weekly dates."""
    ours, own, due = (row_of(figures, name) for name in ("model", "own_median", "due_date"))
    return [
        Figure("forecasts", ours["forecasts"]),
        Figure("mean error", ours["mae"], "days"),
        Figure("mean error of the due date", due["mae"], "days"),
        Figure("mean error of the payer's own median", own["mae"], "days"),
        Figure("below the due date's error by", 100 * (1 - ours["mae"] / due["mae"]), "%", at_least=33),
        Figure("below the own median's error by", 100 * (1 - ours["mae"] / own["mae"]), "%", at_least=9),
        Figure("within 3 days", 100 * ours["within_3"], "%", at_least=78),
        Figure("within 3 days, due date", 100 * due["within_3"], "%"),
        Figure("between P10 and P90", 100 * ours["coverage"], "%", at_least=76, at_most=87),
        Figure("before P10", 100 * ours["below"], "%", at_least=5, at_most=12),
        Figure("after P90", 100 * ours["above"], "%", at_least=5, at_most=12),
        Figure("days from P10 to P90", ours["width"], "days"),
        Figure("late or not (AUC)", ours["auc_late"], at_least=0.89),
        Figure("P(late) off by (ECE)", ours["late_error"]),
        Figure("pinball below the due date's by", 100 * (1 - ours["pinball"] / due["pinball"]), "%", at_least=40),
    ]


def main(argv: list[str] | None = None) -> int:
    """Judges the weeks that were held out; with --all those on which settings were chosen, too."""
    call = arguments("Payment dates of open items, a real book, weekly", argv, options=ALL_WEEKS)
    found = judged(weeks_of(call))
    if found is None:
        return 0
    forecasts, figures, seconds = found
    lines = [*bars(figures), Figure("CPU time", seconds, "s")]
    facts = {"weeks": [str(day) for day in weeks_of(call)], "months": by_month(forecasts).to_dicts()}
    return report(call, lines, facts)


if __name__ == "__main__":
    sys.exit(main())
