"""The quoted items sum to the receipt but for what a bank takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views

#: Charges of transfers: from one to fifty euros, and never more than a fifth of the money.
CHARGE_MIN, CHARGE_MAX, _SHARE = 100, 5_000, 5


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            gap = total - views.amount[view]
            if CHARGE_MIN < gap <= CHARGE_MAX and _SHARE * gap <= total:
                fits.ways[view], fits.grade[view] = 1, LEVELS[step]
                pay_quoted(views, view, LEVELS[step], fits)
                break
            step, count, total = next_level(views, view, step + 1, count)


FAMILY = Family(
    name="quoted_charge",
    code=18,
    tier=1,
    sentence="The quoted items sum to what was received and what a bank takes for a transfer.",
    search=_search,
    stratum=OTHER,
    ends=False,
    gap="charge",
    supposes=True,
    quotes=True,
)
