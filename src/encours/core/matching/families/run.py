"""Items that follow each other in order of due date, or of issue, sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import longest, put_in_order
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

Int64 = npt.NDArray[np.int64]
#: A longer account holds a run of nearly any amount.
_AMONG = 200


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    room = longest(views)
    order, spare, notes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room + 1, np.int64)
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or not 3 <= last - first <= _AMONG:
            continue
        as_it_stands = False
        for grade in (1, 2):
            days = views.due[first:last] if grade == 1 else views.issued[first:last]
            ascends = put_in_order(days, order, spare)
            if ascends and as_it_stands:
                break  # by issue as by due date: nothing new
            as_it_stands = ascends
            ways, begin, end = _fitting(views.left[first:last], order, views.amount[view], notes)
            if ways > 0:
                fits.ways[view], fits.grade[view] = ways, grade
                for n in range(begin, end):
                    fits.pay[first + order[n]] = views.left[first + order[n]]
                break


@lean
def _fitting(left: Int64, order: Int64, amount: int, notes: Int64) -> tuple[int, int, int]:
    """How many runs of two or more sum to the amount, and the one that begins first.

    A run is given up where even all credit notes that follow (`notes`: room for their sums) would not bring it down to
    the amount again.
    """
    size = len(left)
    notes[size] = 0
    for place in range(size - 1, -1, -1):
        notes[place] = notes[place + 1] + min(left[order[place]], 0)
    ways, begin, end = 0, 0, 0
    for start in range(size):
        total = np.int64(0)
        for place in range(start, size):
            total += left[order[place]]
            if total == amount and place > start:
                ways += 1
                if ways == 1:
                    begin, end = start, place + 1
            if total + notes[place + 1] > amount:
                break
    return ways, begin, end


FAMILY = Family(
    name="run",
    code=50,
    tier=3,
    sentence="Items that follow each other in order of due date sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
