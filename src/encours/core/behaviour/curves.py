"""From hazards to one distribution of the payment day for each item: all figures are read off it.

An item that is open at the end of day D has left(D) = 1; left(d) = Π (1 − hazard) of the cells after D up to d is the
chance that it is still unpaid at the end of day d. Inside a cell of several days payments lie evenly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from encours.core.base.kernel import inner, kernel
from encours.core.behaviour.grid import Float64, Int32, Int64


class Curves(NamedTuple):
    """The distributions of items: item k has rows first[k] to first[k + 1].

    `begin`: first day of each row (since 1970), `length`: its days, `left`: the chance of being unpaid at its end. What
    is left after the last row is later than the grid, or never.
    """

    first: Int64
    begin: Int32
    length: Int32
    left: Float64


def curves(first: Int64, begin: Int32, length: Int32, hazard: Float64) -> Curves:
    """The distributions that hazards give. Raises AssertionError for a hazard outside 0 … 1."""
    assert not len(hazard) or (hazard.min() >= 0 and hazard.max() <= 1)
    left = np.empty(len(hazard), dtype=np.float64)
    _survive(first, hazard, left)
    return Curves(first, begin, length, left)


def day_when(of: Curves, share: Float64) -> Int32:
    """The first day by whose end the chance of payment is at least `share`; the end of the grid where it never is."""
    found = np.zeros(len(of.first) - 1, dtype=np.int32)
    _day_when(of, share, found)
    return found


def left_at(of: Curves, day: Int32) -> Float64:
    """The chance that each item is unpaid at the end of a day; 1 before its curve begins."""
    found = np.ones(len(of.first) - 1, dtype=np.float64)
    _left_at(of, day, found)
    return found


def mean_day(of: Curves) -> Float64:
    """The expected day of payment (days since 1970); what lies beyond the grid counts at its end."""
    found = np.zeros(len(of.first) - 1, dtype=np.float64)
    _mean_day(of, found)
    return found


def paid_between(of: Curves, day: int, days: int, spans: int) -> Float64:
    """The chance of payment in each of `spans` spans of `days` days from `day` on: a row an item."""
    edges = [left_at(of, np.full(len(of.first) - 1, day - 1 + n * days, dtype=np.int32)) for n in range(spans + 1)]
    found: Float64 = -np.diff(np.array(edges), axis=0).T
    return found


def still_open(of: Curves, day: Int32) -> Curves:
    """The distributions given that each item is still unpaid at the end of a day: exact, nothing is learnt anew."""
    then = left_at(of, day)
    found = of._replace(begin=of.begin.copy(), length=of.length.copy(), left=np.empty_like(of.left))
    _given(of, day, then, found)
    return found


def postponed(of: Curves, until: Int32, kept: Float64, early: Int32, late: Int32) -> Curves:
    """Distributions moved by what is known of an item.

    With chance `kept` it is paid on one of the days `early` … `late`, evenly; else as the curve says of an item that
    is still unpaid at the end of `until`. kept = 0 only postpones, and `until` before the curve postpones nothing.
    """
    then = still_open(of, until)
    left = np.empty_like(of.left)
    _mixed(then, kept, early, late, left)
    return of._replace(left=left)


def parts_moved(of: Curves, place: Int64, share: Float64, move: Callable[[Curves], Curves]) -> Curves:
    """The distributions of which parts are moved: `share` (0 … 1) of item `place`, parallel arrays, several an item.

    `move` is given the curves of those items, in their order. What no part moves is as before. An item that is moved
    whole has the days of its moved curve; one in parts keeps its own, a cell that a part's day cuts is even again.
    """
    size = np.diff(of.first)[place]
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    at = np.arange(first[-1]) + np.repeat(of.first[:-1][place] - first[:-1], size)
    moved = move(Curves(first, of.begin[at], of.length[at], of.left[at]))
    share_at = np.repeat(share, size)
    rest = np.ones(len(of.left)) - np.bincount(at, share_at, len(of.left))
    left = np.clip(rest, 0.0, 1.0) * of.left + np.bincount(at, share_at * moved.left, len(of.left))
    begin, length = of.begin.copy(), of.length.copy()
    whole = np.repeat(share >= 1.0, size)
    left[at[whole]], begin[at[whole]], length[at[whole]] = moved.left[whole], moved.begin[whole], moved.length[whole]
    return Curves(of.first, begin, length, np.clip(left, 0.0, 1.0))


@kernel
def _survive(first: Any, hazard: Any, left: Any) -> None:
    for k in range(len(first) - 1):
        now = 1.0
        for row in range(first[k], first[k + 1]):
            now *= 1.0 - hazard[row]
            left[row] = now


@kernel
def _day_when(of: Any, share: Any, found: Any) -> None:
    for k in range(len(of.first) - 1):
        goal, before = 1.0 - share[k], 1.0
        low, high = of.first[k], of.first[k + 1]
        found[k] = of.begin[high - 1] + of.length[high - 1] if high > low else -1
        for row in range(low, high):
            if of.left[row] <= goal + 1e-12:
                part = (before - goal) / max(before - of.left[row], 1e-300) * of.length[row]
                found[k] = of.begin[row] + max(0, min(of.length[row], int(np.ceil(part - 1e-9))) - 1)
                break
            before = of.left[row]


@inner
def _left(of: Any, k: int, day: int) -> float:
    """left(day) of item k, evenly inside a cell."""
    low, high = of.first[k], of.first[k + 1]
    row = low + np.searchsorted(of.begin[low:high], day, side="right") - 1
    if row < low:
        return 1.0
    before = of.left[row - 1] if row > low else 1.0
    share = min(1.0, (day + 1 - of.begin[row]) / of.length[row])
    left: float = before + share * (of.left[row] - before)
    return left


@kernel
def _left_at(of: Any, day: Any, found: Any) -> None:
    for k in range(len(of.first) - 1):
        found[k] = _left(of, k, day[k])


@kernel
def _mean_day(of: Any, found: Any) -> None:
    for k in range(len(of.first) - 1):
        low, high = of.first[k], of.first[k + 1]
        before, mean = 1.0, 0.0
        for row in range(low, high):
            mean += (before - of.left[row]) * (of.begin[row] + (of.length[row] - 1) / 2)
            before = of.left[row]
        found[k] = mean + before * (of.begin[high - 1] + of.length[high - 1]) if high > low else -1.0


@kernel
def _given(of: Any, day: Any, then: Any, found: Any) -> None:
    for k in range(len(of.first) - 1):
        for row in range(of.first[k], of.first[k + 1]):
            end = of.begin[row] + of.length[row] - 1
            found.left[row] = 1.0 if end <= day[k] or then[k] <= 0 else min(1.0, of.left[row] / then[k])
            if of.begin[row] <= day[k] < end:  # the day cuts the cell: what is left of it begins on the next
                found.begin[row], found.length[row] = day[k] + 1, end - day[k]


@kernel
def _mixed(of: Any, kept: Any, early: Any, late: Any, left: Any) -> None:
    for k in range(len(of.first) - 1):
        days = late[k] - early[k] + 1
        for row in range(of.first[k], of.first[k + 1]):
            end = of.begin[row] + of.length[row] - 1
            done = min(max(end - early[k] + 1, 0), days) / days
            left[row] = kept[k] * (1.0 - done) + (1.0 - kept[k]) * of.left[row]
