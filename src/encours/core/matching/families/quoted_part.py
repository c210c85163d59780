"""Less was received than the quoted items are open for: a part payment or a deduction without a known cause."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import next_level
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.references.keys import DIGITS
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        if step < 0 or not 0 < views.amount[view] < total or (count > 1 and _ambiguous(views, view, LEVELS[step])):
            continue
        fits.ways[view], fits.grade[view] = 1, LEVELS[step]
        rest = views.amount[view]
        quoted = views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]
        for entry in quoted:
            if views.quote[entry] <= LEVELS[step] and views.left[entry] < 0:
                fits.pay[entry] = views.left[entry]
                rest -= views.left[entry]
        for entry in quoted:
            if views.quote[entry] <= LEVELS[step] and views.left[entry] > 0 and rest > 0:
                fits.pay[entry] = min(rest, views.left[entry])
                rest -= fits.pay[entry]


@lean
def _ambiguous(views: Views, view: int, level: int) -> bool:
    """Whether several items bear one of the quoted numbers: then one of them is meant, not a part of all.

    Where all that is quoted bears one number, its items are the terms of one invoice: they are paid as they fall due.
    """
    if terms_of_one(views, view, level):
        return False
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level and views.namesakes[entry] > 1:
            return True
    return False


@lean
def terms_of_one(views: Views, view: int, level: int) -> bool:
    """Whether the quoted items are all that bear one number, and it is quoted by its digits."""
    count, namesakes = 0, -1
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            count += 1
            if views.quote[entry] > DIGITS or (namesakes >= 0 and views.namesakes[entry] != namesakes):
                return False
            namesakes = views.namesakes[entry]
    return count > 1 and count == namesakes


FAMILY = Family(
    name="quoted_part",
    code=24,
    tier=1,
    sentence="Less was received than the quoted items are open for: part of them is paid, the oldest first.",
    search=_search,
    stratum=OTHER,
    ends=False,
    quotes=True,
)
