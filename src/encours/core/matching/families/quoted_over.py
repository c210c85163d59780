"""More was received than the quoted items are open for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import next_level, pay_quoted
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import Views


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, _, total = next_level(views, view, 0, 0)
        if step >= 0 and 0 < total < views.amount[view]:
            fits.ways[view], fits.grade[view] = 1, LEVELS[step]
            pay_quoted(views, view, LEVELS[step], fits)


FAMILY = Family(
    name="quoted_over",
    code=26,
    tier=1,
    sentence="More was received than the quoted items are open for: they are paid, the rest stays on the receipt.",
    search=_search,
    stratum=OTHER,
    ends=False,
    quotes=True,
)
