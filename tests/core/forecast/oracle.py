"""The expected money of items by week in exact fractions, day by day: slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction


def expected(
    amounts: dict[str, int], spread: Iterable[tuple[str, date, int, float]], as_of: date, weeks: int
) -> dict[str, list[Fraction]]:
    """Minor units by item and week, the last entry what comes later or never; days up to `as_of` count on the next."""
    found: dict[str, list[Fraction]] = {name: [Fraction(0)] * (weeks + 1) for name in amounts}
    said: dict[str, Fraction] = defaultdict(Fraction)
    for name, start, days, chance in spread:
        if name not in amounts:
            continue
        for n in range(days):
            day = max(start + timedelta(days=n), as_of + timedelta(days=1))
            week = min(((day - as_of).days - 1) // 7, weeks)
            found[name][week] += Fraction(chance) / days * amounts[name]
            said[name] += Fraction(chance) / days
    for name, whole in amounts.items():
        found[name][weeks] += whole * (1 - said[name])
    return found
