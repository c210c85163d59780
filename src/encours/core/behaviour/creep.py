"""Whether a payer's delays creep up from one decision to the next: a change so slow that no past is left untouched.

Who pays two days later each month is never far from what it did lately, but each payment is later than most of those
before it. Of any two decisions of a payer the later one is the slower (+1), the quicker (−1), or nothing can be said
(0): the sum has a known spread while delays have no order (Mann, 1945; Kendall, 1970). An open item is slower than what
was paid in less days than it has waited; of what it is quicker than nothing can be known.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from encours.core.base.kernel import kernel
from encours.core.behaviour.grid import Bools, Float64, Int64

#: The latest decisions that are compared, and the least of them.
_LAST, _LEAST = 60, 4


class Creep(NamedTuple):
    """By payer: the sum over its spread (z), the median delay (days) of the older half and of the newer half."""

    z: Float64
    was: Float64
    now: Float64


def creep(first: Int64, late: Int64, paid: Bools) -> Creep:
    """Of decisions by payer (first[k] … first[k + 1]) and due date, `late` days late, those not paid so far."""
    size = len(first) - 1
    found = Creep(np.zeros(size), np.zeros(size), np.zeros(size))
    _creep(first, late, paid, found.z, found.was, found.now)
    return found


@kernel
def _creep(first: Any, late: Any, paid: Any, z: Any, was: Any, now: Any) -> None:
    for k in range(len(first) - 1):
        low, high = max(first[k], first[k + 1] - _LAST), first[k + 1]
        count, total = high - low, 0
        if count < _LEAST:
            continue
        for i in range(low + 1, high):
            for j in range(low, i):
                if late[i] > late[j]:
                    total += paid[j]
                elif late[i] < late[j]:
                    total -= paid[i]
        z[k] = total / np.sqrt(count * (count - 1) * (2 * count + 5) / 18.0)
        middle = low + count // 2
        was[k] = np.sort(late[low:middle])[(middle - low) // 2]
        now[k] = np.sort(late[middle:high])[(high - middle) // 2]
