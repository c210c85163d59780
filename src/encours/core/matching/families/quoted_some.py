"""More is quoted than was paid: a part of the quoted items sums exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel, lean
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import SUBSET_MAX, count_subsets, next_level
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.references.keys import DIGITS
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, _ = next_level(views, view, 0, 0)
        while step >= 0:
            if count >= 2 and (
                _among(views, view, LEVELS[step], fits)
                if count <= SUBSET_MAX
                else _all_but_one(views, view, LEVELS[step], fits)
            ):
                break
            step, count, _ = next_level(views, view, step + 1, count)


@inner
def _among(views: Views, view: int, level: int, fits: Fits) -> bool:
    places, values = np.empty(SUBSET_MAX, dtype=np.int64), np.empty(SUBSET_MAX, dtype=np.int64)
    count = 0
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            places[count], values[count] = entry, views.left[entry]
            count += 1
    ways, chosen = count_subsets(values[:count], views.amount[view])
    if ways == 0:
        return False
    fits.ways[view], fits.grade[view] = ways, level
    for n in range(count):
        if chosen >> n & 1:
            fits.pay[places[n]] = values[n]
            if values[n] == views.amount[view] and level <= DIGITS and views.namesakes[places[n]] == ways:
                fits.ways[view] = 1  # equal parts of one number, due one after the other: the first due is meant
    return True


@lean
def _all_but_one(views: Views, view: int, level: int, fits: Fits) -> bool:
    """A long list with one item too many."""
    total, ways, without = 0, 0, -1
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            total += views.left[entry]
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level and total - views.left[entry] == views.amount[view]:
            ways += 1
            without = entry
    if ways == 0:
        return False
    fits.ways[view], fits.grade[view] = ways, level
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level and entry != without:
            fits.pay[entry] = views.left[entry]
    return True


FAMILY = Family(
    name="quoted_some",
    code=20,
    tier=1,
    sentence="More is quoted than was paid: some of the quoted items sum exactly to what was received.",
    search=_search,
    stratum=OTHER,
    quotes=True,
)
