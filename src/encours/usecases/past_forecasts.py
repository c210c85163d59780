"""Forecasts of past days that nobody made then: from what was known on the day, with a model learnt on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour import Model, learn, study
from encours.core.behaviour.predict import predict_studied
from encours.core.forecast import Forecast, forecast
from encours.store.models import CashForecast

#: So many weekly forecasts back are reckoned where they are missing; a bridge needs the first, accuracy all.
WEEKS_BACK = 8
#: A model serves so many days of the past, as it would have: it is never younger than the day it forecasts.
_REFIT_DAYS = 56
#: A book of more payments has its past reckoned by `encours backtest forecast`, not at night.
_MOST_PAYMENTS = 200_000


@dataclass(frozen=True, eq=False)
class PastForecast:
    """A forecast reckoned afterwards; `predicted`: what it was made of."""

    day: date
    predicted: pl.DataFrame
    forecast: Forecast
    model: str


def past_forecasts(entity_id: str, book: Book, day: date) -> Iterator[PastForecast]:
    """The missing weekly forecasts of the weeks before `day`, the oldest first; none where the book is too large."""
    missing = _missing(entity_id, day)
    if not missing or book.allocations.height > _MOST_PAYMENTS:
        return
    model: Model | None = None
    for past in missing:
        of = study(book, past)
        if not of.payments_by(of.day):
            continue  # nothing was known yet that a forecast could rest on
        if model is None or (past - model.learnt_on).days >= _REFIT_DAYS:
            model = learn(of)
        found = predict_studied(book, of, model)
        if found.items.height:
            made = forecast(book, past, found.items, found.distribution())
            yield PastForecast(past, found.items, made, model.sentence())


def _missing(entity_id: str, day: date) -> list[date]:
    """Days a whole number of weeks before `day` in whose week no forecast was made, the oldest first.

    Of a week ago it is that very day: the bridge begins there.
    """
    first = day - timedelta(days=7 * WEEKS_BACK + 6)
    rows = CashForecast.objects.filter(entity_id=entity_id, day__gte=first, day__lt=day)
    made = set(rows.values_list("day", flat=True))
    wanted = {day - timedelta(days=7 * back): 1 if back == 1 else 7 for back in range(WEEKS_BACK, 0, -1)}
    return [one for one, span in wanted.items() if not any(one - timedelta(days=back) in made for back in range(span))]
