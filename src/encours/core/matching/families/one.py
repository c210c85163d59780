"""One open item has exactly the amount of the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        ways, chosen = 0, -1
        for entry in range(views.start[view], views.start[view + 1]):
            if views.left[entry] == views.amount[view]:
                ways += 1
                chosen = entry if chosen < 0 else chosen  # the one due first
        if ways > 0:
            fits.ways[view] = ways
            fits.pay[chosen] = views.left[chosen]


FAMILY = Family(
    name="one",
    code=40,
    tier=2,
    sentence="One open item of the customer has exactly the amount received.",
    search=_search,
    stratum=AMOUNT,
)
