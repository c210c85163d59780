"""The quoted items less a cash discount sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views

#: Rates that are taken where no terms are known, in hundredths of a per cent.
_RATES = (50, 100, 150, 200, 250, 300, 400, 500)
#: Grades: the terms offer exactly this discount; some of the items' terms do; only the rate is a usual one.
OFFERED, PARTLY_OFFERED, RATE = 1, 2, 3


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            gap = total - views.amount[view]
            if gap > 0 and 20 * gap <= total:
                grade = _cause(views, view, LEVELS[step], total, gap)
                if grade > 0:
                    fits.ways[view], fits.grade[view] = 1, grade
                    pay_quoted(views, view, LEVELS[step], fits)
                    break
            step, count, total = next_level(views, view, step + 1, count)


@lean
def _cause(views: Views, view: int, level: int, total: int, gap: int) -> int:
    """Whether the gap is a discount that the terms offer (on all items, on one of them), or a usual rate."""
    offered, single = 0, False
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            offered += views.discount[entry]
            single = single or (views.discount[entry] > 0 and views.discount[entry] == gap)
    if offered == gap:
        return OFFERED
    if single:
        return PARTLY_OFFERED
    for rate in _RATES:
        whole, each = (total * rate + 5_000) // 10_000, 0
        for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
            if views.quote[entry] <= level:
                each += (views.left[entry] * rate + 5_000) // 10_000
        if gap in (whole, each, whole - 1):
            return RATE
    return 0


FAMILY = Family(
    name="quoted_discount",
    code=14,
    tier=1,
    sentence="The quoted items less a cash discount sum exactly to what was received.",
    search=_search,
    stratum=OTHER,
    gap="discount",
    quotes=True,
)
