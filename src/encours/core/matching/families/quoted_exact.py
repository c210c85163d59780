"""The quoted items sum exactly to the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import QUOTED
from encours.core.matching.families._sets import next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            if total == views.amount[view]:
                fits.ways[view], fits.grade[view] = 1, LEVELS[step]
                pay_quoted(views, view, LEVELS[step], fits)
                break
            step, count, total = next_level(views, view, step + 1, count)


FAMILY = Family(
    name="quoted_exact",
    code=10,
    tier=0,
    sentence="The payer quotes items whose open amounts sum exactly to what was received.",
    search=_search,
    stratum=QUOTED,
    quotes=True,
)
