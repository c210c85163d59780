"""Rates and counts in plain words."""

from __future__ import annotations


def one_in(rate: float) -> str:
    """A rate as people say a budget: 0.001 is `1 in 1,000`; where that is no round number, a percentage."""
    if rate <= 0:
        return "0 %"
    many = 1 / rate
    return f"1 in {round(many):,}" if abs(many - round(many)) < 1e-6 * many else percent(rate)


def percent(share: float) -> str:
    """A share with three significant digits: 0.0317 is `3.17 %`."""
    return f"{100 * share:.3g} %"


def counted(number: int, noun: str) -> str:
    """`1 receipt`, `2,995 receipts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
