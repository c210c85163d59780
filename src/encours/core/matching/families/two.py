"""Two open items sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import count_pairs
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

_AMONG = 200


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or not 2 <= last - first <= _AMONG:
            continue
        values = views.left[first:last]
        ways, one, other = count_pairs(np.sort(values), views.amount[view])
        if ways > 0:
            order = np.argsort(values, kind="mergesort")
            fits.ways[view] = ways
            for place in (one, other):
                fits.pay[first + order[place]] = values[order[place]]


FAMILY = Family(
    name="two",
    code=52,
    tier=3,
    sentence="Two open items of the customer sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
