"""Forecast the cash of a book folder: open items by customer and week, orders, and what is not invoiced yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError, concat_issues
from encours.core.behaviour import Model, Study, learn, study
from encours.core.behaviour.predict import Predictions, predict_studied
from encours.core.forecast import Forecast, Scenario, forecast
from encours.core.forecast.result import SOURCES

#: Weeks that the summary adds up.
_SOON = 4


@dataclass(frozen=True, eq=False)
class Forecasted:
    """What a run gave: the forecast, the predictions that it rests on, and what was wrong with the folder."""

    found: Forecast
    predicted: Predictions
    scenario: Scenario | None
    issues: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`forecast`: open items by customer and week; beside it outlook, days, items, left_out and orders."""
        of = self.found
        return {
            "forecast": of.weeks,
            "outlook": of.outlook,
            "days": of.days,
            "items": of.items,
            "left_out": of.left_out,
            "orders": of.orders,
        }

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: by entity and currency what is expected soon and later, why not all of it, how sure."""
        of, model = self.found, self.predicted.model
        return {
            "as_of": of.as_of.isoformat(),
            "weeks": of.outlook["week_start"].n_unique(),
            "scenario": None if self.scenario is None else vars(self.scenario),
            "expected": [self._purse(*purse) for purse in of.outlook.select("entity_id", "currency").unique().sort(
                "entity_id", "currency"
            ).iter_rows()],
            "left_out": _sums(of.left_out, ["entity_id", "currency", "reason"], "amount"),
            "orders": _sums(of.orders, ["entity_id", "currency", "status"], "counted"),
            "forecaster": model.basis,
            "sentence": model.sentence(),
            "trial": model.trial.duel,
            "shared": of.shares._asdict(),
        }  # fmt: skip

    def _purse(self, entity: str, currency: str) -> dict[str, Any]:
        """Open items in all, soon and after the last week; soon by source. Minor units."""
        own = (pl.col("entity_id") == entity) & (pl.col("currency") == currency)
        items, rows = self.found.items.filter(own), self.found.outlook.filter(own)
        soon = rows.filter(pl.col("week_start") <= self.found.as_of + timedelta(days=7 * _SOON))
        sums = dict(soon.group_by("source").agg(pl.col("mean").sum()).iter_rows())
        return {
            "entity_id": entity,
            "currency": currency,
            "open": int(items["expected"].sum()),
            "after_last_week_or_never": int(items.filter(pl.col("week_start").is_null())["expected"].sum()),
            f"next_{_SOON}_weeks": {name: int(sums.get(name, 0)) for name in SOURCES},
        }


def _sums(rows: pl.DataFrame, by: list[str], amount: str) -> list[dict[str, Any]]:
    return rows.group_by(by).agg(pl.len().alias("count"), pl.col(amount).sum()).sort(by).to_dicts()


def forecast_studied(
    book: Book, of: Study, model: Model, weeks: int = 13, seed: int = 0, scenario: Scenario | None = None
) -> tuple[Forecast, Predictions]:
    """The forecast of a studied book by a model, and the predictions that it rests on."""
    predicted = predict_studied(book, of, model)
    spread = predicted.distribution()
    return forecast(book, of.as_of, predicted.items, spread, weeks=weeks, seed=seed, scenario=scenario), predicted


def forecast_book_folder(
    path: Path, as_of: date | None = None, weeks: int = 13, seed: int = 0, scenario: Scenario | None = None
) -> Forecasted:
    """Cash in over `weeks` weeks from the day after `as_of` (default: the book's last day), learnt on what was known
    that day. Raises CallError where the folder is no book, or for a wrong call."""
    book, issues = read_book(path)
    day = as_of or book.last_day()
    if day is None:
        raise CallError([f"{path} holds no dated fact; give --as-of"])
    of = study(book, day)
    found, predicted = forecast_studied(book, of, learn(of), weeks, seed, scenario)
    return Forecasted(found, predicted, scenario, concat_issues([issues, predicted.issues, found.issues]))
