"""Replay payment dates over the past of a book: every week's forecasts beside what came, and beside the naive ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.issue import CallError
from encours.core.behaviour.replay import FORECASTERS, OUTCOME_DAYS, Replay, replay

#: The weeks that are replayed where no window is given.
_WEEKS = 13
DEFINITIONS = {
    "forecasts": "open items on the replayed days, once a week each, that were paid since; unpaid ones are left out",
    "model": "the middle of the distribution (P50), learnt every four weeks on what was known then",
    "own median": "the due date and the payer's own median delay of its last 50 payments, today if that has passed",
    "due date": "the due date, today if that has passed",
    "mean error": "days between the day that was said and the day the bank booked, on average",
    "within 3": "share of forecasts that were three days off at most",
    "pinball": "loss of P10, P50 and P90 together, in days: it punishes ranges that are too wide or too narrow",
    "in the range": "share paid from P10 to P90; four in five is what it promises, a little more on whole days",
    "before, after": "share paid before P10 and after P90; about one in ten each",
    "late, told apart": "chance that an item paid late was given a higher chance of it than one paid on time (AUC)",
}


@dataclass(frozen=True, eq=False)
class PaymentsTested:
    """A replay: its first and last day, the day on which what came was read, what came of it, the folder's issues."""

    start: date
    end: date
    judged_on: date
    result: Replay
    issues: pl.DataFrame

    @cached_property
    def reliability(self) -> pl.DataFrame:
        """band, said, happened, count: what P(late) said of items that were not late yet, beside what came."""
        return self.result.reliability()

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`forecasts`: a row a day and item; `figures`: a row a month and forecaster (month null: all); and
        `reliability`."""
        return {
            "forecasts": self.result.forecasts,
            "figures": self.result.figures,
            "reliability": self.reliability,
        }

    def all(self, forecaster: str) -> dict[str, Any]:
        """The figures of one forecaster over the whole window."""
        return self.result.figures.filter(pl.col("month").is_null() & (pl.col("forecaster") == forecaster)).row(
            0, named=True
        )

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the window, the figures of each forecaster, how much better the model was, the words."""
        said = {
            name: {key: value for key, value in self.all(name).items() if key not in ("month", "forecaster")}
            for name in FORECASTERS
        }
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "judged_on": self.judged_on.isoformat(),
            "figures": said,
            "less_error": {name: less(said["model"]["mae"], said[name]["mae"]) for name in FORECASTERS[1:]},
            "less_pinball": {name: less(said["model"]["pinball"], said[name]["pinball"]) for name in FORECASTERS[1:]},
            "definitions": DEFINITIONS,
        }


def less(ours: float, theirs: float) -> float | None:
    """By which share ours is smaller; None where theirs is nothing."""
    return None if not theirs else round(1 - ours / theirs, 4)


def backtest_payments(
    path: Path,
    start: date | None = None,
    end: date | None = None,
    watch: Callable[[date], None] | None = None,
) -> PaymentsTested:
    """Replays a book folder once a week from `start` to `end`: the end of the last day that leaves the outcome
    OUTCOME_DAYS to be known, and _WEEKS weeks before it, where they are not given.

    Raises CallError where the folder is no book, the window is turned round, or no day of it can be judged.
    """
    book, issues = read_book(path)
    last = book.last_day()
    if last is None:
        raise CallError([f"{path} holds no dated fact: there is nothing to replay"])
    latest = last - timedelta(days=OUTCOME_DAYS)
    ends = min(end or latest, latest)
    begins = start or ends - timedelta(days=7 * (_WEEKS - 1))
    if start and end and start > end:
        raise CallError([f"--from {start} lies after --to {end}"])
    if begins > ends:
        raise CallError([f"--from {begins}: the last day whose outcome is known by {last} is {latest}"])
    days = [begins + timedelta(days=n) for n in range(0, (ends - begins).days + 1, 7)]
    return PaymentsTested(begins, days[-1], last, replay(book, days, last, watch), issues)
