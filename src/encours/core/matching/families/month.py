"""The invoices of one calendar month sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import in_order
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

Int32 = npt.NDArray[np.int32]


@inner
def month_of(day: int) -> tuple[int, int]:
    """Months since the year 0 of a day counted from 1970, by the civil calendar, and a day until which it surely lasts
    (the last but for a 29 February)."""
    shifted = day + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153  # March is 0
    begin, end = (153 * month + 2) // 5, (153 * month + 155) // 5
    length = 28 if month == 11 else end - begin
    return (year + era * 400) * 12 + month + 2, day + length - 1 - (of_year - begin)


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or last - first < 3:
            continue
        grade = 1
        ways, month = _fitting(views.issued[first:last], views.left[first:last], views.amount[view])
        if ways == 0:
            grade = 2
            ways, month = _fitting(views.due[first:last], views.left[first:last], views.amount[view])
        if ways == 0:
            continue
        fits.ways[view], fits.grade[view] = ways, grade
        for entry in range(first, last):
            day = views.issued[entry] if grade == 1 else views.due[entry]
            if month_of(day)[0] == month:
                fits.pay[entry] = views.left[entry]


@inner
def _fitting(days: Int32, left: npt.NDArray[np.int64], amount: int) -> tuple[int, int]:
    """How many months' items (two or more) sum to the amount, and the first such month."""
    order = in_order(days)
    months = np.empty(len(days), dtype=np.int64)
    until = -(1 << 40)
    for n in range(len(days)):
        if days[order[n]] > until:
            months[n], until = month_of(days[order[n]])
        else:
            months[n] = months[n - 1]
    ways, chosen, begin = 0, 0, 0
    while begin < len(order):
        end, total = begin, np.int64(0)
        while end < len(order) and months[end] == months[begin]:
            total += left[order[end]]
            end += 1
        if total == amount and end - begin >= 2:
            ways += 1
            chosen = months[begin] if ways == 1 else chosen
        begin = end
    return ways, chosen


FAMILY = Family(
    name="month",
    code=48,
    tier=3,
    sentence="The invoices of one month sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
