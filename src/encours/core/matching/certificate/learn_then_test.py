"""The least confidence that may post: a few thresholds are tested on judged receipts, the loosest that passes is taken.

A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei, Learn then Test, Ann. Appl. Statist. 19 (2025), with
Bonferroni's correction: each of G thresholds is tested at delta/G, so with chance 1 − delta none that passes breaks the
promise, and any of them may be taken. Testing from strict to loose and stopping at the first failure would spend no
delta on G, but one early error then throws away all that lies behind it.

A threshold is a fraction of the judged receipts, fixed by their number alone. It lies on a receipt: those above it are,
given that receipt, an independent sample of all receipts above it, so the binomial holds exactly, ties included; the
receipt itself and those tied with it are left out of the sample and do not post.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from encours.core.matching.certificate.betting import log_evidence, upper_share
from encours.core.matching.certificate.bounds import LADDER, binomial_tail, needed, upper_bound
from encours.core.matching.certificate.history import History

#: Thresholds tested: the most that a history affords, when three quarters of it without an error would still pass.
_FINE, _COARSE = 50, (10, 5, 2)
#: A fine grid costs sample where there is little: it waits until half of the history could pass.
_FINE_FROM = 2


@dataclass(frozen=True)
class Tested:
    """One threshold: the `sample` above it, its `errors`, their `bound` at delta/`tests`, and whether it `passes`.

    `threshold`: confidences from it on are in. `coverage`: the share of the judged receipts that are, each weighing
    1/chance; `coverage_value` the same for money.
    """

    sample: int
    errors: int
    bound: float
    passes: bool
    threshold: float
    tests: int
    coverage: float
    coverage_value: float


def grid(sample: int, target: float, delta: float) -> list[int]:
    """How many of the surest receipts each threshold keeps, strictest first; everything is always among them.

    The strictest keeps so many that they could pass at all. Labels and confidences play no part in the choice.
    """
    if sample >= _FINE_FROM * needed(target, delta / _FINE):
        tests = _FINE
    else:
        tests = next((few for few in _COARSE if 0.75 * sample >= needed(target, delta / few)), 1)
    if tests == 1 and sample >= needed(target, delta / 2):
        tests = 2
    first = needed(target, delta / tests) if tests > 1 else sample
    return [int(count) for count in np.linspace(first, sample, tests).round()]


def loosest(history: History, target: float, delta: float) -> Tested:
    """The loosest threshold certified for `target`; where none is, the one that came nearest (the least chance)."""
    counts = grid(history.size, target, delta)
    share = delta / len(counts)
    kept = [history.above(count) for count in counts]
    chances: dict[int, float] = {}
    for sample in sorted(set(kept), reverse=True):
        chances[sample] = _chance(history, sample, target)
        if chances[sample] <= share:
            return _tested(history, sample, share, len(counts), passes=True)
    nearest = min(chances, key=lambda sample: (chances[sample], -sample))
    return _tested(history, nearest, share, len(counts), passes=False)


def certifies(history: History, target: float, delta: float) -> bool:
    """Whether any threshold passes for `target`."""
    counts = grid(history.size, target, delta)
    return any(_chance(history, history.above(count), target) <= delta / len(counts) for count in counts)


def strictest_certified(history: History, delta: float) -> float | None:
    """The strictest budget of the LADDER that this history certifies; None: none."""
    return next((budget for budget in LADDER if certifies(history, budget, delta)), None)


def value_bound(history: History, sample: int, value_cap: int, delta: float) -> float:
    """The share of the money of the `sample` surest receipts that is wrong at most, with chance 1 − delta.

    Holds where no receipt exceeds `value_cap`: without such a limit one receipt could outweigh all that were judged.
    """
    weight = history.weight[:sample]
    money = weight * history.amount[:sample]
    size = money / (weight.max() * value_cap) if sample and value_cap > 0 else np.zeros(0)
    return upper_share(size, history.wrong[: len(size)], delta)


def _chance(history: History, sample: int, target: float) -> float:
    """The p-value: how likely so few errors would be if more than `target` were wrong."""
    wrong = history.wrong[:sample]
    if history.even:
        return binomial_tail(int(wrong.sum()), sample, target)
    return math.exp(-max(0.0, log_evidence(_size(history, sample), wrong, target)))


def _bound(history: History, sample: int, delta: float) -> float:
    wrong = history.wrong[:sample]
    if history.even:
        return upper_bound(int(wrong.sum()), sample, delta)
    return upper_share(_size(history, sample), wrong, delta)


def _size(history: History, sample: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weights over the largest one: a receipt that was rarely drawn stands for many."""
    size: np.ndarray[tuple[int], np.dtype[np.float64]] = history.weight[:sample] / history.weight.max()
    return size


def _tested(history: History, sample: int, delta: float, tests: int, *, passes: bool) -> Tested:
    everything = sample == history.size
    # The next number above the receipt that the threshold lies on: `at least this` is `more than that one`.
    threshold = 0.0 if everything else math.nextafter(float(history.confidence[sample]), math.inf)
    money = history.weight * history.amount
    return Tested(
        sample=sample,
        errors=int(history.wrong[:sample].sum()),
        bound=_bound(history, sample, delta),
        passes=passes,
        threshold=threshold,
        tests=tests,
        coverage=_share(history.weight, sample),
        coverage_value=_share(money, sample),
    )


def _share(weight: np.ndarray[tuple[int], np.dtype[np.float64]], sample: int) -> float:
    total = float(weight.sum())
    return float(weight[:sample].sum()) / total if total else 0.0
