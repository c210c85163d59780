"""Days: French and TARGET holidays, month ends, the décade, half-years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base import days

ANY = st.dates(date(2000, 1, 1), date(2090, 12, 31))
FRENCH_2026 = ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]
TARGET_2026 = ["01-01", "04-03", "04-06", "05-01", "12-25", "12-26"]


@pytest.mark.parametrize(("calendar", "closed"), [(days.france(), FRENCH_2026), (days.target(), TARGET_2026)])
def test_holidays_of_2026(calendar: days.Calendar, closed: list[str]) -> None:
    assert [f"{day:%m-%d}" for day in calendar.closed_days() if day.year == 2026] == closed


def test_working_days_around_easter_2026() -> None:
    good_friday, tuesday = date(2026, 4, 3), date(2026, 4, 7)
    assert days.france().next_working(date(2026, 4, 4)) == tuesday
    assert days.france().previous_working(date(2026, 4, 6)) == good_friday
    assert days.target().previous_working(date(2026, 4, 6)) == date(2026, 4, 2)
    assert days.france().add(good_friday, 1) == tuesday
    assert days.france().add(tuesday, -1) == good_friday
    assert days.france().between(good_friday, tuesday) == 1
    closed = days.france().with_closed([tuesday])
    assert closed.next_working(date(2026, 4, 4)) == date(2026, 4, 8)
    assert days.france().is_working(tuesday)


@given(day=ANY, count=st.integers(-30, 30))
def test_adding_and_counting_agree(day: date, count: int) -> None:
    calendar = days.france()
    start = calendar.next_working(day)
    assert calendar.between(start, calendar.add(start, count)) == count


@given(day=ANY, months=st.integers(-40, 40))
def test_months(day: date, months: int) -> None:
    end = days.end_of_month(day)
    assert (end + timedelta(days=1)).day == 1
    assert days.start_of_month(day) == date(day.year, day.month, 1)
    moved = days.add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or moved == days.end_of_month(moved)


@given(day=ANY)
def test_the_decade_ends_on_the_10th_the_20th_or_the_last(day: date) -> None:
    end = days.end_of_decade(day)
    assert end.day in (10, 20) or end == days.end_of_month(day)
    assert 0 <= (end - day).days <= 10
    assert days.end_of_decade(end) == end
    assert days.half_year_start(day) in (date(day.year, 1, 1), date(day.year, 7, 1))
    assert 0 <= (day - days.half_year_start(day)).days < 184


def test_edges() -> None:
    assert days.add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert days.end_of_decade(date(2026, 2, 21)) == date(2026, 2, 28)
    assert days.half_year_start(date(2026, 6, 30)) == date(2026, 1, 1)
    assert days.half_year_start(date(2026, 7, 1)) == date(2026, 7, 1)
