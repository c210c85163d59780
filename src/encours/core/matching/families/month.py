"""The invoices of one calendar month sum exactly to the receipt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import longest
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@lean
def month_of(day: int) -> tuple[int, int]:
    """The first day of the calendar month of a day counted from 1970, and the first of the next (civil calendar)."""
    shifted = day + 719_468  # from 1 March of the year 0: a leap day is the last of its year
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153  # March is 0
    begin = (153 * month + 2) // 5
    end = (153 * month + 155) // 5
    if month == 11:
        leap = (year + 1) % 4 == 0 and ((year + 1) % 100 != 0 or year == 399)
        end = 366 if leap else 365
    return day - of_year + begin, day - of_year + end


class _Months(NamedTuple):
    """Room for the months of an account: the first day of each, the first of the next, sum and number of items."""

    begin: Int64
    end: Int64
    total: Int64
    items: Int64


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    room = longest(views)
    months = _Months(
        np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    )
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or last - first < 3:
            continue
        for grade in (1, 2):
            days = views.issued[first:last] if grade == 1 else views.due[first:last]
            ways, month = _fitting(days, views.left[first:last], views.amount[view], months)
            if ways > 0:
                fits.ways[view], fits.grade[view] = ways, grade
                for n in range(len(days)):
                    if months.begin[month] <= days[n] < months.end[month]:
                        fits.pay[first + n] = views.left[first + n]
                break


@lean
def _fitting(days: Int32, left: Int64, amount: int, months: _Months) -> tuple[int, int]:
    """How many months' items (two or more) sum to the amount, and the place of the first such month."""
    known, at = 0, 0
    for n in range(len(days)):
        if known == 0 or not months.begin[at] <= days[n] < months.end[at]:
            at = known - 1  # the items of a month mostly follow each other
            while at >= 0 and not months.begin[at] <= days[n] < months.end[at]:
                at -= 1
            if at < 0:
                at, known = known, known + 1
                months.begin[at], months.end[at] = month_of(days[n])
                months.total[at], months.items[at] = 0, 0
        months.total[at] += left[n]
        months.items[at] += 1
    ways, chosen = 0, 0
    for at in range(known):
        if months.total[at] == amount and months.items[at] >= 2:
            chosen = at if ways == 0 or months.begin[at] < months.begin[chosen] else chosen
            ways += 1
    return ways, chosen


FAMILY = Family(
    name="month",
    code=48,
    tier=3,
    sentence="The invoices of one month sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
