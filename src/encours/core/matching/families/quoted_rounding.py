"""The quoted items sum to the receipt but for a rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views

#: One euro, and never more than a fiftieth of the money.
ROUNDING_MAX, _SHARE = 100, 50


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            gap = abs(total - views.amount[view])
            if 0 < gap <= ROUNDING_MAX and _SHARE * gap <= abs(total):
                fits.ways[view], fits.grade[view] = 1, LEVELS[step]
                pay_quoted(views, view, LEVELS[step], fits)
                break
            step, count, total = next_level(views, view, step + 1, count)


FAMILY = Family(
    name="quoted_rounding",
    code=16,
    tier=1,
    sentence="The quoted items sum to what was received but for a rounding of at most one euro.",
    search=_search,
    stratum=OTHER,
    gap="write_off",
    quotes=True,
)
