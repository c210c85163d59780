"""Everything that falls due until a date, or was invoiced until a date, sums exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import in_order
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or last - first < 3:
            continue
        ways, until, grade = _cut_off(views.due[first:last], views.left[first:last], views.amount[view]), 0, 1
        if ways[0] == 0:
            ways = _cut_off(views.issued[first:last], views.left[first:last], views.amount[view])
            grade = 2
        if ways[0] == 0:
            continue
        until = ways[1]
        fits.ways[view], fits.grade[view] = ways[0], grade
        for entry in range(first, last):
            day = views.due[entry] if grade == 1 else views.issued[entry]
            if day <= until:
                fits.pay[entry] = views.left[entry]


@inner
def _cut_off(days: npt.NDArray[np.int32], left: npt.NDArray[np.int64], amount: int) -> tuple[int, int]:
    """How many dates there are until which everything sums to the amount, and the first of them."""
    order = in_order(days)
    ways, until, total = 0, 0, np.int64(0)
    for n in range(len(order)):
        total += left[order[n]]
        day = days[order[n]]
        if n + 1 < len(order) and days[order[n + 1]] == day:
            continue
        if total == amount and n >= 1:
            ways += 1
            if ways == 1:
                until = day
    return ways, until


FAMILY = Family(
    name="due_until",
    code=46,
    tier=3,
    sentence="Everything that was due, or invoiced, until a date sums exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
