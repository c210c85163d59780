"""Sets one of whose items could stand for another: two invoices of one amount, and nothing says which of them is paid.

A sum that is exact proves nothing here: it stays exact with the other one. The model sees how many sets of a kind fit,
not that an item of the set has an equal outside of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.asks import Asks
from encours.core.matching.claims import Hypotheses
from encours.core.matching.pool import Pool
from encours.core.matching.references.scan import Marks


@kernel
def equal_left_open(
    look: npt.NDArray[np.bool_], hypotheses: Hypotheses, pool: Pool, asks: Asks, marks: Marks
) -> npt.NDArray[np.bool_]:
    """Which of the hypotheses in `look` pay an item that the text does not quote, and leave an equal one open."""
    found = np.zeros(len(look), dtype=np.bool_)
    for n in range(len(look)):
        if not look[n]:
            continue
        ask, first, last = hypotheses.ask[n], hypotheses.start[n], hypotheses.start[n + 1]
        for line in range(first, last):
            item, pay = hypotheses.item[line], hypotheses.pay[line]
            if _has_equal(item, pay, first, last, hypotheses, pool, asks.day[ask]) and not _quoted(ask, item, marks):
                found[n] = True
                break
    return found


@lean
def _has_equal(item: int, pay: int, first: int, last: int, hypotheses: Hypotheses, pool: Pool, day: int) -> bool:
    """Whether the customer of an item has another one open of what it pays, known then and not paid with it."""
    customer, currency = pool.customer[item], pool.currency[item]
    for other in range(pool.start[customer], pool.open_end[customer]):
        if pool.open[other] - pool.taken[other] - pool.held[other] != pay or other == item:
            continue
        if pool.known[other] > day or pool.currency[other] != currency:
            continue
        paid = False
        for line in range(first, last):
            paid = paid or hypotheses.item[line] == other
        if not paid:
            return True
    return False


@lean
def _quoted(ask: int, item: int, marks: Marks) -> bool:
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.item[quote] == item:
                return True
    return False
