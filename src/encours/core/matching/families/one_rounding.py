"""One open item has the amount of the receipt but for a rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families.quoted_rounding import ROUNDING_MAX
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

#: Without a reference a difference must be tiny beside the money: a hundredth at most.
_SHARE = 100


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        ways, chosen = 0, -1
        for entry in range(views.start[view], views.start[view + 1]):
            gap = abs(views.left[entry] - views.amount[view])
            if 0 < gap <= ROUNDING_MAX and _SHARE * gap <= abs(views.amount[view]):
                ways += 1
                if chosen < 0 or gap < abs(views.left[chosen] - views.amount[view]):
                    chosen = entry
        if ways > 0:
            fits.ways[view] = ways
            fits.pay[chosen] = views.left[chosen]


FAMILY = Family(
    name="one_rounding",
    code=60,
    tier=4,
    sentence="One open item has the amount received but for a rounding of at most one euro.",
    search=_search,
    stratum=AMOUNT,
    gap="write_off",
)
