"""What lies beyond the grid: items over a year late may still be paid, seldom, and no one day tells of it.

The grid of hazards ends a year after the due date. An item that stands there, or soon will, gets rows of its own up to
HORIZON days from the day it is looked at, all with the daily chance at which the book's longest-standing items were
paid so far.
"""

from __future__ import annotations

import numpy as np

from encours.core.base.kernel import kernel
from encours.core.behaviour.curves import Curves
from encours.core.behaviour.grid import END, Int32, Int64
from encours.core.behaviour.panel import Panel

#: Days from the look that every distribution reaches over; the days of a row beyond the grid.
HORIZON, _ROW = 365, 73
#: From so many days after its due date an item stands long; and the days that one of them waits where a book says
#: nothing.
LONG, _USUAL_WAIT = 180, 730.0


def long_standing_hazard(items: Panel, day: int) -> float:
    """The chance a day that an item over LONG days late is paid, by what was known on `day`."""
    known = (items.seen <= day) & items.counts
    since = np.maximum(items.due + LONG, items.seen)[known]
    until = np.where(items.told <= day, items.end, day)[known]
    waited = float(np.maximum(until - since, 0).sum(dtype=np.int64))
    paid = int((items.paid[known] & (items.told[known] <= day) & (until > since)).sum())
    return (paid + 1.0) / (waited + _USUAL_WAIT)


def extended(of: Curves, due: Int32, day: Int32, hazard: float) -> Curves:
    """The curves of items due on `due` and looked at on `day`, each up to HORIZON days after the look at least."""
    begin = np.maximum(due + END, day + 1)
    missing = day + HORIZON + 1 - begin
    more = np.maximum(-(-missing // _ROW), 0).astype(np.int64)
    if not more.any():
        return of
    first = np.concatenate([[0], np.cumsum(np.diff(of.first) + more)]).astype(np.int64)
    size = int(first[-1])
    found = Curves(first, np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size))
    _extend(of, begin.astype(np.int32), more, 1.0 - hazard, _ROW, found)
    return found


@kernel
def _extend(of: Curves, begin: Int32, more: Int64, stays: float, days: int, found: Curves) -> None:
    for k in range(len(of.first) - 1):
        at, left = found.first[k], 1.0
        for row in range(of.first[k], of.first[k + 1]):
            found.begin[at], found.length[at], found.left[at] = of.begin[row], of.length[row], of.left[row]
            left = of.left[row]
            at += 1
        for turn in range(more[k]):
            left *= stays**days
            found.begin[at], found.length[at], found.left[at] = begin[k] + turn * days, days, left
            at += 1
