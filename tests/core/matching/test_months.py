"""The civil calendar of the family of months, beside the standard library's."""

from __future__ import annotations

from datetime import date, timedelta

from encours.core.matching.families import month

_EPOCH = date(1970, 1, 1)
_month_of = month.month_of.py_func  # type: ignore[attr-defined]  # a compiled function keeps its twin
#: The months of the family are counted from another year than 0.
_FIRST = _month_of(0)[0] - 1970 * 12


def test_every_day_of_a_century_and_a_half_is_in_its_month() -> None:
    for number in range(-3_653, 51_000):
        day = _EPOCH + timedelta(days=number)
        found, until = _month_of(number)
        assert found == day.year * 12 + day.month - 1 + _FIRST, day
        last = _EPOCH + timedelta(days=until)
        assert (last.year, last.month) == (day.year, day.month), day
        leap = day.month == 2 and last.day == 28
        assert leap or (last + timedelta(days=1)).month != day.month, day
