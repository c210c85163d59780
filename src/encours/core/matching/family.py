"""What a family of hypotheses is: one way in which money settles items, searched over all views at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.views import Views

#: Kinds of quotes up to which a set is tried, surest first: digits of the number, other numbers, lists and last
#: groups, tails, slips.
LEVELS = (3, 4, 6, 7, 8)


class Fits(NamedTuple):
    """What one family found. By view: `ways` (to fit, 0: none; the first is taken), `grade` (the family's own:
    how far the quotes had to be trusted, or how sure the cause of a difference is). By entry of the views: `pay`, what
    is taken off the item, in its sign."""

    ways: npt.NDArray[np.int32]
    grade: npt.NDArray[np.int8]
    pay: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Family:
    """One way in which money settles items.

    `code` names the family in the model's features: it is never given to another. `tier`: families are searched from
    tier 0 up; a receipt goes on to the next tier until a family that `ends` fits. `sentence` is what people read.
    `search` writes into Fits for the views marked, `pay` only where it finds `ways`. `gap` names what is booked for a
    difference between what is settled and what came: discount, charge, write_off; "" where there is none or the money
    over stays on the receipt.
    `supposes`: the difference alone speaks for its cause, so that what posts by itself leaves it open.
    `quotes`: only views with a quote are searched. `stratum`: how a match of the family knows its items, one of the
    certificate's strata.
    """

    name: str
    code: int
    tier: int
    sentence: str
    search: Callable[[Views, npt.NDArray[np.bool_], Fits], None]
    stratum: str
    ends: bool = True
    gap: str = ""
    supposes: bool = False
    quotes: bool = False


def no_fits(views: Views) -> Fits:
    """Nothing found yet."""
    count = len(views.ask)
    return Fits(np.zeros(count, np.int32), np.zeros(count, np.int8), np.zeros(len(views.item), np.int64))


@kernel
def wipe(chosen: npt.NDArray[np.int64], views: Views, fits: Fits) -> None:
    """Nothing found again in the chosen views, for the next family."""
    for view in chosen:
        fits.ways[view], fits.grade[view] = 0, 0
        for entry in range(views.start[view], views.start[view + 1]):
            fits.pay[entry] = 0
