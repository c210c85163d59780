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
        ways, a, b, c = count_triples(values, np.argsort(values, kind="mergesort"), views.amount[view])
        if ways > 0:
            fits.ways[view] = ways
            fits.pay[first + a], fits.pay[first + b], fits.pay[first + c] = values[a], values[b], values[c]


FAMILY = Family(
    name="three",
    code=54,
    tier=3,
    sentence="Three open items of the customer sum exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
