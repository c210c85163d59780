"""A slow, obvious reckoning of what an action brings forward: day by day, in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

#: (first day from the day of the plan on, days, chance): what is missing to 1 never comes.
Cells = Sequence[tuple[int, int, Fraction]]


def unpaid(cells: Cells, day: int) -> Fraction:
    """The chance of being unpaid at the end of a day, without an action; day 0 is the day of the plan."""
    gone, before = Fraction(0), Fraction(0)
    for first, days, chance in cells:
        for one in range(first, first + days):
            before += chance / days if one <= 0 else 0
            gone += chance / days if 0 < one <= day else 0
    return 1 - gone / (1 - before)


def reacted(day: int, reaction_days: int, lag_days: int) -> Fraction:
    """Of those who react, the share that has paid by the end of a day: one in `reaction_days` of the rest each day."""
    waiting = Fraction(1)
    for _ in range(max(0, day - lag_days)):
        waiting *= 1 - Fraction(1, reaction_days)
    return 1 - waiting


def days_earlier(cells: Cells, reach: Fraction, reaction_days: int, lag_days: int, horizon: int) -> Fraction:
    """Days by which payment comes earlier: the difference of the two chances, added up over the horizon."""
    return sum(
        (
            unpaid(cells, day) - unpaid(cells, day) * (1 - reach * reacted(day, reaction_days, lag_days))
            for day in range(1, horizon + 1)
        ),
        Fraction(0),
    )


def chance_by(cells: Cells, reach: Fraction, reaction_days: int, lag_days: int, day: int) -> Fraction:
    """The chance of payment by the end of a day with the action."""
    return 1 - unpaid(cells, day) * (1 - reach * reacted(day, reaction_days, lag_days))
