"""Three open items sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import SUBSET_MAX, count_triples
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

#: In a small account every set is counted anyway; in a longer one three of many fit by chance.
_AMONG = 80


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or not SUBSET_MAX < last - first <= _AMONG:
            continue
        values = views.left[first:last]
        ways, one, two, three = count_triples(np.sort(values), views.amount[view])
        if ways > 0:
            order = np.argsort(values, kind="mergesort")
            fits.ways[view] = ways
            for place in (one, two, three):
                fits.pay[first + order[place]] = values[order[place]]


FAMILY = Family(
    name="three",
    code=54,
    tier=3,
    sentence="Three open items of the customer sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
