"""The quoted items less credit notes that the text does not name sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import SUBSET_MAX, count_subsets, next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            over = views.amount[view] - total
            if (over < 0) == (total > 0) and over != 0 and _with_notes(views, view, LEVELS[step], over, fits):
                break
            step, count, total = next_level(views, view, step + 1, count)


@inner
def _with_notes(views: Views, view: int, level: int, over: int, fits: Fits) -> bool:
    """Takes the fewest unquoted entries of the opposite sign that make up what is quoted too much."""
    first, last = views.start[view], views.start[view + 1]
    places = np.empty(SUBSET_MAX, dtype=np.int64)
    values = np.empty(SUBSET_MAX, dtype=np.int64)
    count = 0
    for entry in range(first, last):
        other = views.quote[entry] == 0 or views.quote[entry] > level
        if (
            other
            and count < SUBSET_MAX
            and (views.left[entry] < 0) == (over < 0)
            and abs(views.left[entry]) <= abs(over)
        ):
            places[count], values[count] = entry, views.left[entry]
            count += 1
    if count == 0:
        return False
    ways, chosen = count_subsets(values[:count], over)
    if ways == 0:
        return False
    fits.ways[view], fits.grade[view] = ways, level
    pay_quoted(views, view, level, fits)
    for n in range(count):
        if chosen >> n & 1:
            fits.pay[places[n]] = values[n]
    return True


FAMILY = Family(
    name="quoted_credit",
    code=12,
    tier=1,
    sentence="The quoted items less open credit notes of the customer sum exactly to what was received.",
    search=_search,
    stratum=OTHER,
    quotes=True,
)
