"""The civil calendar of the family of months, beside the standard library's."""

from __future__ import annotations

from datetime import date, timedelta

from encours.core.matching.families import month

_EPOCH = date(1970, 1, 1)
_month_of = month.month_of.py_func  # type: ignore[attr-defined]  # a compiled function keeps its twin


def test_every_day_of_five_centuries_is_in_its_month() -> None:
    for number in range(-60_000, 120_000):
        day = _EPOCH + timedelta(days=number)
        first, after = (_EPOCH + timedelta(days=one) for one in _month_of(number))
        assert first == day.replace(day=1), day
        assert after == (first + timedelta(days=31)).replace(day=1), day
