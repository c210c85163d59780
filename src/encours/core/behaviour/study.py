"""A book studied on a day: its payment history, the arrays made of it, the book's own habits, its working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import bank_calendar
from encours.core.behaviour.grid import END, FIRST, Bools
from encours.core.behaviour.history import history
from encours.core.behaviour.own import Pool, pool
from encours.core.behaviour.panel import Panel, day_number, panel

#: A clerk may be weeks behind; more than this is no lag but a change of books.
LONGEST_LAG = 45


class Closed(NamedTuple):
    """Days that the banks of each entity (by its code in the panel) do not work, from day `first` on."""

    first: int
    flags: Bools


@dataclass(frozen=True, eq=False)
class Study:
    """What is known of a book's payments at the end of `as_of`, laid out for compiled functions."""

    as_of: date
    day: int
    history: pl.DataFrame
    items: Panel
    pool: Pool
    closed: Closed

    @property
    def lag(self) -> int:
        """Days that payments take to be known: an item of which nothing is known was surely unpaid so long ago."""
        return self.pool.lag

    def payments_by(self, day: int) -> int:
        """How many items were known to be paid by the end of a day, of those that tell of a habit."""
        return int((self.items.paid & self.items.counts & (self.items.told <= day)).sum())


def study(book: Book, as_of: date) -> Study:
    """Reads a Book with all its versions as it was known at the end of `as_of`; nothing later is looked at."""
    told = history(book, as_of)
    return of_history(told, book.entities, as_of)


def of_history(told: pl.DataFrame, entities: pl.DataFrame, as_of: date) -> Study:
    """The same of a payment history (HISTORY_SCHEMA) and the Book's entities."""
    items, day = panel(told), day_number(as_of)
    start = int(items.seen.min()) if len(items.seen) else day
    return Study(as_of, day, told, items, pool(items, min(start, day), day, _lag(told)), _closed(told, entities, as_of))


def _lag(told: pl.DataFrame) -> int:
    """The posting lag that nine closings in ten keep, at most LONGEST_LAG days."""
    usual = told["lag_days"].quantile(0.9, "higher")
    return int(min(max(usual or 0, 0), LONGEST_LAG))


def _closed(told: pl.DataFrame, entities: pl.DataFrame, as_of: date) -> Closed:
    codes = told["entity_id"].unique().sort().to_list()
    country = dict(zip(entities["entity_id"].to_list(), entities["country"].to_list(), strict=True))
    bounds = [as_of, *(day for column in ("due_on", "seen_on") for day in _range(told[column]))]
    first = min(bounds) + timedelta(days=FIRST - 40)
    days = np.arange(day_number(first), day_number(max(bounds)) + END + 40)
    flags = np.zeros((max(1, len(codes)), len(days)), dtype=np.bool_)
    flags[:, (days + 3) % 7 >= 5] = True
    for place, code in enumerate(codes):
        for holiday in bank_calendar(country.get(code)).closed:
            at = day_number(holiday) - days[0]
            if 0 <= at < len(days):
                flags[place, at] = True
    return Closed(int(days[0]), flags)


def _range(column: pl.Series) -> list[date]:
    low, high = column.min(), column.max()
    return [day for day in (low, high) if isinstance(day, date)]
