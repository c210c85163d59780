"""Replay the cash forecast over the past of a book: every week's beside what came, and beside the naive ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.behaviour import Model, learn, study
from encours.core.behaviour.replay import REFIT_DAYS
from encours.core.forecast.accuracy import FORECASTERS, accuracy, came, naive, said
from encours.usecases.forecast_folder import forecast_studied

#: The weeks that are forecast, and how many are replayed, where no window is given.
WEEKS, _REPLAYED = 4, 13
DEFINITIONS = {
    "cash": "money of the invoices that were open on the replayed day, by the week in which the bank booked it; "
    "invoices written later are in no figure here",
    "Encours": "expected money by the distribution of each payment day, learnt every four weeks on what was known then",
    "own median": "each invoice on its due date plus its customer's median delay of the last 50, tomorrow if past",
    "due date": "each invoice on its due date, tomorrow if that has passed",
    "error": "Σ |said − came| of all weeks beside Σ came (WAPE)",
    "bias": "Σ (said − came) beside Σ came: above zero, too much was said",
    "in the range": "share of weeks whose money lay from P10 to P90; four in five is what it promises",
    "customers": "the same of every single customer and week",
}


class Replayed(NamedTuple):
    """What was said on each day (SAID_SCHEMA), and what came (CAME_SCHEMA)."""

    said: pl.DataFrame
    came: pl.DataFrame


@dataclass(frozen=True, eq=False)
class ForecastTested:
    """A replay: its first and last day, the weeks ahead, the day on which what came was read, the folder's issues."""

    start: date
    end: date
    weeks: int
    judged_on: date
    result: Replayed
    issues: pl.DataFrame

    @cached_property
    def figures(self) -> pl.DataFrame:
        """ACCURACY_SCHEMA."""
        return accuracy(*self.result, self.judged_on)

    @cached_property
    def cells(self) -> pl.DataFrame:
        """What was said (a row a day, forecaster, purse, customer? and week) with what `came`."""
        keys = ["as_of", "entity_id", "currency", "customer_id", "week_start"]
        told, there = self.result
        rows = told.join(there, on=keys, how="left", nulls_equal=True).rename({"cash": "came"})
        return rows.with_columns(pl.col("came").fill_null(0))

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`forecasts`: what was said beside what came; `figures`: by purse, level, forecaster and week ahead."""
        return {"forecasts": self.cells, "figures": self.figures}

    @cached_property
    def currencies(self) -> pl.DataFrame:
        """ACCURACY_SCHEMA by currency, the entities as one; the currency in which most weeks are judged first."""
        rows = accuracy(*self.result, self.judged_on, by_entity=False)
        order = rows.group_by("currency").agg(pl.col("judged").sum().alias("_weeks"))
        rows = rows.join(order, on="currency").sort("_weeks", "currency", descending=[True, False], maintain_order=True)
        return rows.drop("_weeks")

    def of(self, currency: str, forecaster: str, level: str = "total") -> dict[str, dict[str, Any]]:
        """ "all" and each week ahead → judged, came, wape, bias, coverage."""
        here = (pl.col("currency") == currency) & (pl.col("forecaster") == forecaster) & (pl.col("level") == level)
        rows = self.currencies.filter(here).select("week", "judged", "came", "wape", "bias", "coverage")
        return {
            "all" if row["week"] is None else str(row["week"]): {name: row[name] for name in row if name != "week"}
            for row in rows.iter_rows(named=True)
        }

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the window, and by currency, forecaster and week ahead the figures."""
        levels = ("total", "customers")
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "judged_on": self.judged_on.isoformat(),
            "weeks": self.weeks,
            "figures": {
                currency: {level: {name: self.of(currency, name, level) for name in FORECASTERS} for level in levels}
                for currency in self.currencies["currency"].unique(maintain_order=True)
            },
            "purses": self.figures.filter(pl.col("week").is_null()).drop("week").to_dicts(),
            "definitions": DEFINITIONS,
        }


def replay_forecast(
    book: Book, days: Iterable[date], until: date, weeks: int = WEEKS, watch: Callable[[date], None] | None = None
) -> Replayed:
    """Forecasts the cash of the items open on each day from what was known then; the model is learnt every REFIT_DAYS
    days. What came is what is known on `until`. `watch` hears of every day."""
    model: Model | None = None
    told, there = [], []
    for day in sorted(days):
        if watch:
            watch(day)
        of = study(book, day)
        if model is None or (day - model.learnt_on).days >= REFIT_DAYS:
            model = learn(of)
        found, _ = forecast_studied(book, of, model, weeks)
        told += [said(found.weeks, day), naive(book, day, found.items, weeks)]
        there.append(came(book, day, found.items, until, weeks))
    return Replayed(pl.concat(told), pl.concat(there))


def backtest_forecast(
    path: Path,
    start: date | None = None,
    end: date | None = None,
    weeks: int = WEEKS,
    watch: Callable[[date], None] | None = None,
) -> ForecastTested:
    """Replays a book folder once a week from `start` to `end`: the last day whose weeks are over on the book's last
    day, and 12 weeks before it, where they are not given.

    Raises CallError where the folder is no book, the window is turned round, or no day of it can be judged.
    """
    book, issues = read_book(path)
    last = book.last_day()
    if last is None:
        raise CallError([f"{path} holds no dated fact: there is nothing to replay"])
    latest = last - timedelta(days=7 * weeks)
    ends = min(end or latest, latest)
    begins = start or ends - timedelta(days=7 * (_REPLAYED - 1))
    if begins > ends:
        raise CallError([f"no day from {begins} to {end or ends} lies {weeks} weeks before {last}"])
    days = [begins + timedelta(days=7 * n) for n in range((ends - begins).days // 7 + 1)]
    return ForecastTested(begins, ends, weeks, last, replay_forecast(book, days, last, weeks, watch), issues)
