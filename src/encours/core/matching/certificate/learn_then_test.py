"""The least confidence that may post: thresholds are tested on judged receipts, the loosest that passes is taken.

A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei, Learn then Test, Ann. Appl. Statist. 19 (2025), with
fixed sequences from several starts: from each start thresholds are tested from strict to loose until one fails, all of
them at delta/starts. In one sequence the first true null stops everything behind it, so with chance 1 − delta none that
passes breaks the promise, and any of them may be taken. One start alone would lose everything to one early error; as
many starts as thresholds (Bonferroni's correction) would spend delta on neighbours that say nearly the same.

A threshold is a fraction of the judged receipts, fixed by their number alone. It lies on a receipt: those above it are,
given that receipt, an independent sample of all receipts above it, so the binomial holds exactly, ties included; the
receipt itself and those tied with it are left out of the sample and do not post.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

import numpy as np

from encours.core.matching.certificate.betting import log_evidence, upper_share
from encours.core.matching.certificate.bounds import LADDER, binomial_tail, needed, upper_bound
from encours.core.matching.certificate.history import History

#: Starts: the most that a history affords, when three quarters of it without an error would still pass.
_STARTS = (5, 3, 2)
#: Thresholds from the strictest to everything.
_STEPS = 100


@dataclass(frozen=True)
class Tested:
    """One threshold: the `sample` above it, its `errors`, their `bound` at delta/`tests` (the number of starts), and
    whether it `passes`.

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


def sequences(sample: int, target: float, delta: float) -> list[list[int]]:
    """How many of the surest receipts each threshold keeps, from each start on, strictest first; everything is last.

    The strictest start keeps so many that they could pass at all, and everything is a start of its own: where many
    confidences are tied, a start among them keeps nothing. Labels and confidences play no part in the choice.
    """
    starts = next((many for many in _STARTS if 0.75 * sample >= needed(target, delta / many)), 1)
    if starts == 1 and sample >= needed(target, delta / 2):
        starts = 2
    if starts == 1:
        return [[sample]]
    ladder = [int(count) for count in np.linspace(needed(target, delta / starts), sample, _STEPS + 1).round()]
    return [ladder[start * _STEPS // (starts - 1) :] for start in range(starts)]


def loosest(history: History, target: float, delta: float) -> Tested:
    """The loosest threshold certified for `target`; where none is, the start that came nearest (the least chance)."""
    ways = sequences(history.size, target, delta)
    share = delta / len(ways)
    chance = cache(lambda sample: _chance(history, sample, target))
    samples = [[history.above(count) for count in counts] for counts in ways]
    passed = [sample for way in samples for sample in takewhile(lambda sample: chance(sample) <= share, way)]
    if passed:
        return _tested(history, max(passed), share, len(ways), passes=True)
    nearest = min((way[0] for way in samples), key=lambda sample: (chance(sample), -sample))
    return _tested(history, nearest, share, len(ways), passes=False)


def certifies(history: History, target: float, delta: float) -> bool:
    """Whether any threshold passes for `target`."""
    ways = sequences(history.size, target, delta)
    return any(_chance(history, history.above(way[0]), target) <= delta / len(ways) for way in ways)


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
