"""Civil days: working-day calendars of France and TARGET, month ends and the French décade."""

from __future__ import annotations

import calendar as _months
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_FIRST_YEAR, _LAST_YEAR = 1999, 2100


@dataclass(frozen=True)
class Calendar:
    """A working-day calendar: Saturdays, Sundays and `closed` days are not worked."""

    name: str
    closed: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Whether business is done on `day`."""
        return day.weekday() < 5 and day not in self.closed

    def next_working(self, day: date) -> date:
        """`day` itself where worked, else the first working day after it."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def previous_working(self, day: date) -> date:
        """`day` itself where worked, else the last working day before it."""
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day

    def add(self, day: date, working_days: int) -> date:
        """The day `working_days` worked days after (before, where negative) `day`."""
        step = timedelta(days=1 if working_days >= 0 else -1)
        for _ in range(abs(working_days)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """Working days in (start, end]; negative where end comes before start."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def closed_days(self) -> list[date]:
        """The closed days in order, as Polars' business-day functions take them."""
        return sorted(self.closed)

    def with_closed(self, days: Iterable[date]) -> Calendar:
        """The same calendar with more closed days (a plant's summer closing)."""
        return Calendar(self.name, self.closed | frozenset(days))


@lru_cache(maxsize=1)
def france() -> Calendar:
    """Metropolitan France: the eleven legal holidays (Code du travail L3133-1)."""
    import holidays  # here and below: it knows every calendar of the world, and few commands ask for one

    return Calendar("France", frozenset(holidays.country_holidays("FR", years=range(_FIRST_YEAR, _LAST_YEAR))))


@lru_cache(maxsize=1)
def target() -> Calendar:
    """TARGET, the euro settlement system: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December."""
    import holidays

    return Calendar("TARGET", frozenset(holidays.financial_holidays("XECB", years=range(_FIRST_YEAR, _LAST_YEAR))))


def end_of_month(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=_months.monthrange(day.year, day.month)[1])


def start_of_month(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, cut to the month's last day (31 January + 1 = 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, _months.monthrange(year, month + 1)[1]))


def end_of_decade(day: date) -> date:
    """The end of the day's décade: the 10th, the 20th or the month's last day."""
    if day.day <= 10:
        return day.replace(day=10)
    return day.replace(day=20) if day.day <= 20 else end_of_month(day)


def half_year_start(day: date) -> date:
    """1 January or 1 July: the start of the half-year that `day` falls in."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


@lru_cache(maxsize=64)
def bank_calendar(country: str | None) -> Calendar:
    """The public holidays of an ISO country; TARGET where it is unknown."""
    import holidays

    if country is None or country.upper() not in holidays.list_supported_countries():
        return target()
    years = range(_FIRST_YEAR, _LAST_YEAR)
    return Calendar(country.upper(), frozenset(holidays.country_holidays(country.upper(), years=years)))
