"""The point of change in a payer's delays: where one habit ended and another began."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.behaviour.grid import Float64, Int64

#: Days of payment that each side of a change needs; how many are looked at; delays beyond this count as this.
_SIDE, _LAST, _FAR = 5, 200, 60.0
#: A change is told from this t on: the best of many splits is above it rarely by chance.
SURE = 4.0


def changes(first: Int64, delay: Float64) -> tuple[Int64, Float64, Float64]:
    """For each payer (delays first[k] … first[k + 1], one a day of payment): place of the first day of the new habit
    (−1: none), by how many days the mean moved, and how sure that is (the t of Welch's test at the best split).

    The split is the one with the least squared deviation on its two sides, over the last 200 days of payment; a t
    above SURE is rare by chance even among so many splits.
    """
    size = len(first) - 1
    place, moved, sure = np.full(size, -1, dtype=np.int64), np.zeros(size), np.zeros(size)
    _changes(first, np.clip(delay, -_FAR, _FAR), place, moved, sure)
    return place, moved, sure


@kernel
def _changes(first: Any, delay: Any, place: Any, moved: Any, sure: Any) -> None:
    for k in range(len(first) - 1):
        low, high = max(first[k], first[k + 1] - _LAST), first[k + 1]
        count = high - low
        if count < 2 * _SIDE:
            continue
        total, squares = delay[low:high].sum(), (delay[low:high] ** 2).sum()
        left, left_squares, best = 0.0, 0.0, np.inf
        for n in range(1, count - _SIDE + 1):
            value = delay[low + n - 1]
            left, left_squares = left + value, left_squares + value * value
            if n < _SIDE:
                continue
            right, right_squares, m = total - left, squares - left_squares, count - n
            before, after = left_squares - left * left / n, right_squares - right * right / m
            if before + after < best:
                best = before + after
                error = np.sqrt((before + 1.0) / n / max(n - 1, 1) + (after + 1.0) / m / max(m - 1, 1))
                place[k], moved[k] = low + n, right / m - left / n
                sure[k] = abs(moved[k]) / error


def starts(ids: npt.NDArray[Any]) -> Int64:
    """Where each run of equal ids begins, and the end."""
    if not len(ids):
        return np.zeros(1, dtype=np.int64)
    heads = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    return np.concatenate([heads, [len(ids)]]).astype(np.int64)
