"""The promise the slow way: exact fractions, one receipt at a time, no arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def tail(errors: int, sample: int, rate: Fraction) -> Fraction:
    """The chance of at most `errors` errors, every term of the binomial written out."""
    terms = (math.comb(sample, k) * rate**k * (1 - rate) ** (sample - k) for k in range(errors + 1))
    return sum(terms, Fraction(0))


def kept(confidences: Sequence[float], count: int) -> list[int]:
    """The places of the receipts strictly surer than the one that stands behind the `count` surest."""
    order = sorted(range(len(confidences)), key=lambda place: -confidences[place])
    if count >= len(order):
        return order
    pivot = confidences[order[count]]
    return [place for place in order if confidences[place] > pivot]


def loosest(
    confidences: Sequence[float], right: Sequence[bool], ways: Sequence[list[int]], target: Fraction, delta: Fraction
) -> set[int] | None:
    """The places that the loosest threshold keeps which is reached from a start without a failure; None: none is."""
    passing = []
    for counts in ways:
        for count in counts:
            places = kept(confidences, count)
            errors = sum(not right[place] for place in places)
            if tail(errors, len(places), target) > delta / len(ways):
                break
            passing.append(set(places))
    return max(passing, key=len, default=None)


def evidence(sizes: Sequence[float], wrong: Sequence[bool], target: float) -> float:
    """The mean capital of five gamblers who bet that less than `target` of the weight is wrong."""
    total = 0.0
    for bet, part in ((1.0, 0.5), (0.9, 0.125), (0.75, 0.125), (0.5, 0.125), (0.25, 0.125)):
        capital = part
        for size, bad in zip(sizes, wrong, strict=True):
            capital *= 1 + bet * size * (target - bad)
        total += capital
    return total


def capital_path(wrong: Sequence[bool], scales: Sequence[float], target: float) -> list[float]:
    """The running test's capital after each audit: every gambler's purse by itself, those who wait keep theirs."""
    ratios = sorted({min(ratio, (1 + target) / (2 * target)) for ratio in (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)})
    starts = [round(place / target) for place in range(40)]
    path = []
    purses = {(s, r): 1.0 for s in range(40) for r in ratios}
    for audits, (bad, scale) in enumerate(zip(wrong, scales, strict=True)):
        for s, r in purses:
            if starts[s] <= audits:
                purses[s, r] *= 1 + (r - 1) / (1 - target) * scale * (bad - target)
        mean = sum(purse / len(ratios) / ((s + 1) * (s + 2)) for (s, _), purse in purses.items())
        path.append(mean + 1 / 41)  # 1/41: the weight of all starts behind the fortieth
    return path
