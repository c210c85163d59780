"""Random draws that give the same numbers for the same seed on every machine: raw bits and integers only.

NumPy promises a stable stream for the raw bits of a generator, not for its distributions, and `exp` and `log` differ in
the last bit between processors. So every draw here is integer arithmetic on raw bits, and the bell curve is a table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_TABLE_SIZE = 4096
#: Factors of `lognormal` are integers over this.
ONE = 10_000


@cache
def _factors(sigma_percent: int) -> Ints:
    """Quantiles of a log-normal with median ONE, rounded so far that the last bits of `exp` cannot show."""
    normal = NormalDist()
    places = ((place + 0.5) / _TABLE_SIZE for place in range(_TABLE_SIZE))
    return np.array([round(ONE * math.exp(sigma_percent / 100 * normal.inv_cdf(at))) for at in places], dtype=np.int64)


def quotas(shares: Sequence[float], count: int) -> list[int]:
    """`count` parted by shares (normalised), the largest remainders rounded up: the shares are met, not drawn."""
    total = sum(shares)
    exact = [share / total * count for share in shares]
    whole = [int(part) for part in exact]
    order = sorted(range(len(shares)), key=lambda place: (whole[place] - exact[place], place))
    for place in order[: count - sum(whole)]:
        whole[place] += 1
    return whole


class Draws:
    """A stream of draws for a seed and a purpose: one purpose can change without the others."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, *purpose.encode()]))

    def raw(self, count: int) -> NDArray[np.uint64]:
        """Raw 64-bit numbers."""
        bits: NDArray[np.uint64] = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return bits

    def below(self, limit: Any, count: int) -> Ints:
        """Whole numbers from 0 to `limit` − 1; `limit` may be an array (at least 1 everywhere)."""
        limits = np.asarray(limit, dtype=np.uint64)
        return (((self.raw(count) >> np.uint64(32)) * limits) >> np.uint64(32)).astype(np.int64)

    def between(self, low: Any, high: Any, count: int) -> Ints:
        """Whole numbers from `low` to `high`, both included."""
        return np.asarray(low, dtype=np.int64) + self.below(np.asarray(high) - np.asarray(low) + 1, count)

    def chance(self, share: Any, count: int) -> Bools:
        """True in a share of cases; `share` may be an array."""
        found: Bools = self.below(1_000_000, count) < np.rint(np.asarray(share) * 1_000_000)
        return found

    def weighted(self, weights: Ints, count: int) -> Ints:
        """Places, drawn in proportion to whole weights."""
        ends = np.cumsum(weights)
        return np.searchsorted(ends, self.below(ends[-1], count), side="right").astype(np.int64)

    def pick(self, shares: Sequence[float], count: int) -> Ints:
        """Places, drawn by shares (normalised)."""
        return self.weighted(np.rint(np.asarray(shares) * 1_000_000).astype(np.int64), count)

    def shuffled(self, values: Any) -> Ints:
        """The values in a random order."""
        array = np.asarray(values, dtype=np.int64)
        return array[np.argsort(self.raw(len(array)), kind="stable")]

    def dealt(self, shares: Sequence[float], count: int) -> Ints:
        """Places in random order, each exactly as often as its share says."""
        return self.shuffled(np.repeat(np.arange(len(shares)), quotas(shares, count)))

    def lognormal(self, median: Any, sigma: float, count: int) -> Ints:
        """Log-normal whole numbers around a median."""
        factor = _factors(round(100 * sigma))[self.below(_TABLE_SIZE, count)]
        return np.asarray(median, dtype=np.int64) * factor // ONE

    def favoured(self, weights: Any, count_wanted: int) -> Ints:
        """Places of the `count_wanted` that a draw by weight takes first, without putting back (weight 0: last)."""
        weight = np.asarray(weights, dtype=np.float64)
        # The smallest of u/w: plain division is the same on every machine, where a logarithm would not be.
        keys = (self.raw(len(weight)) >> np.uint64(11)).astype(np.float64) / np.maximum(weight, 1e-9)
        return np.argsort(keys, kind="stable")[:count_wanted].astype(np.int64)
