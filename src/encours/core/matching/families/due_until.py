"""Everything that falls due until a date, or was invoiced until a date, sums exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import longest, put_in_order
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

Int64 = npt.NDArray[np.int64]


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    room = longest(views)
    order, spare = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or last - first < 3:
            continue
        left, amount, grade = views.left[first:last], views.amount[view], 1
        ways, until = _cut_off(views.due[first:last], left, amount, order, spare)
        if ways == 0:
            ways, until = _cut_off(views.issued[first:last], left, amount, order, spare)
            grade = 2
        if ways == 0:
            continue
        fits.ways[view], fits.grade[view] = ways, grade
        for entry in range(first, last):
            day = views.due[entry] if grade == 1 else views.issued[entry]
            if day <= until:
                fits.pay[entry] = views.left[entry]


@lean
def _cut_off(days: npt.NDArray[np.int32], left: Int64, amount: int, order: Int64, spare: Int64) -> tuple[int, int]:
    """How many dates there are until which everything sums to the amount, and the first of them."""
    put_in_order(days, order, spare)
    ways, until, total = 0, 0, np.int64(0)
    for n in range(len(days)):
        total += left[order[n]]
        if total == amount and n >= 1 and (n + 1 == len(days) or days[order[n + 1]] > days[order[n]]):
            ways += 1
            until = days[order[n]] if ways == 1 else until
    return ways, until


FAMILY = Family(
    name="due_until",
    code=46,
    tier=3,
    sentence="Everything that was due, or invoiced, until a date sums exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
