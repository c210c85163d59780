"""In a small account: any set of open items that sums exactly to the receipt, all of them counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families._sets import SUBSET_MAX, count_subsets
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or not 3 <= last - first <= SUBSET_MAX:
            continue
        ways, chosen = count_subsets(views.left[first:last], views.amount[view])
        if ways > 0:
            fits.ways[view] = ways
            for n in range(last - first):
                if chosen >> n & 1:
                    fits.pay[first + n] = views.left[first + n]


FAMILY = Family(
    name="any_set",
    code=56,
    tier=3,
    sentence="One set of the customer's open items sums exactly to what was received.",
    search=_search,
    stratum=AMOUNT,
)
