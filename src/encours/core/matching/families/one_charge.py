"""One open item has the amount of the receipt and what a bank takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.families.quoted_charge import CHARGE_MAX, CHARGE_MIN
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

#: Without a reference a charge must be small beside the money.
_SHARE = 20


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        ways, chosen = 0, -1
        for entry in range(views.start[view], views.start[view + 1]):
            gap = views.left[entry] - views.amount[view]
            if CHARGE_MIN < gap <= CHARGE_MAX and _SHARE * gap <= views.left[entry]:
                ways += 1
                chosen = entry if chosen < 0 else chosen
        if ways > 0:
            fits.ways[view] = ways
            fits.pay[chosen] = views.left[chosen]


FAMILY = Family(
    name="one_charge",
    code=62,
    tier=4,
    sentence="One open item has the amount received and what a bank takes for a transfer.",
    search=_search,
    stratum=AMOUNT,
    gap="charge",
    supposes=True,
)
