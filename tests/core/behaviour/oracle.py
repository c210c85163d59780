"""A slow, obvious reckoning of a payment day: one chance a day, in fractions, nothing clever."""

from __future__ import annotations

from fractions import Fraction


def daily(begin: list[int], length: list[int], hazard: list[Fraction]) -> dict[int, Fraction]:
    """day → chance of being paid on it, from the chance in each cell of the unpaid: evenly within a cell."""
    left, chance = Fraction(1), {}
    for first, days, risk in zip(begin, length, hazard, strict=True):
        for day in range(first, first + days):
            chance[day] = left * risk / days
        left *= 1 - risk
    return chance


def unpaid(chance: dict[int, Fraction], day: int) -> Fraction:
    """The chance of being unpaid at the end of a day."""
    return 1 - sum((share for on, share in chance.items() if on <= day), Fraction(0))


def given_open(chance: dict[int, Fraction], day: int) -> dict[int, Fraction]:
    """The chances given that it is unpaid at the end of a day."""
    left = unpaid(chance, day)
    return {on: share / left for on, share in chance.items() if on > day}


def first_day(chance: dict[int, Fraction], share: Fraction, end: int) -> int:
    """The first day by whose end the chance of payment is at least `share`."""
    paid = Fraction(0)
    for on in sorted(chance):
        paid += chance[on]
        if paid >= share:
            return on
    return end
