"""Claims: the best hypothesis of each receipt, and the receipts that want the same items."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.family import Fits
from encours.core.matching.pool import Pool
from encours.core.matching.views import Views

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Hypotheses(NamedTuple):
    """One place a hypothesis: `ask`, `family` (place in the families), `customer`, `reason` (bits), `ways`, `grade`,
    `gap`, `signature`; its lines are `start[n]` to `start[n + 1]` of `item` and `pay`."""

    ask: Int32
    family: Int32
    customer: Int32
    reason: Int32
    ways: Int32
    grade: Int32
    gap: Int64
    signature: Int64
    start: Int64
    item: Int32
    pay: Int64


@kernel
def lines_of(chosen: Int64, views: Views, fits: Fits) -> tuple[Int64, Int32, Int64]:
    """Where each chosen view's lines begin, the items and what is taken off them."""
    start = np.zeros(len(chosen) + 1, dtype=np.int64)
    for n in range(len(chosen)):
        count = 0
        for entry in range(views.start[chosen[n]], views.start[chosen[n] + 1]):
            count += 1 if fits.pay[entry] != 0 else 0
        start[n + 1] = start[n] + count
    item, pay = np.empty(start[-1], dtype=np.int32), np.empty(start[-1], dtype=np.int64)
    for n in range(len(chosen)):
        place = start[n]
        for entry in range(views.start[chosen[n]], views.start[chosen[n] + 1]):
            if fits.pay[entry] != 0:
                item[place], pay[place] = views.item[entry], fits.pay[entry]
                place += 1
    return start, item, pay


@kernel
def best_of(
    hypotheses: Hypotheses, score: npt.NDArray[np.float64], order: Int64
) -> tuple[Int64, Int64, npt.NDArray[np.float64]]:
    """For each receipt its best hypothesis, the best that pays something else (−1: none) and that one's score.

    `order` sorts the hypotheses by receipt, the surest first.
    """
    best, second = np.empty(len(order), dtype=np.int64), np.empty(len(order), dtype=np.int64)
    margin = np.zeros(len(order), dtype=np.float64)
    count = 0
    for place in range(len(order)):
        n = order[place]
        if place == 0 or hypotheses.ask[n] != hypotheses.ask[order[place - 1]]:
            best[count], second[count] = n, -1
            count += 1
        elif second[count - 1] < 0 and hypotheses.signature[n] != hypotheses.signature[best[count - 1]]:
            second[count - 1], margin[count - 1] = n, score[n]
    return best[:count], second[:count], margin[:count]


@kernel
def assign(
    chosen: Int64, hypotheses: Hypotheses, posts: npt.NDArray[np.bool_], pool: Pool
) -> tuple[npt.NDArray[np.bool_], Int32]:
    """Gives items away in the order of `chosen`, each once: which claims stand, and who was in the way of the others.

    `posts` marks the claims that post by themselves: what they take is taken, what others want is held for them.
    """
    stands = np.zeros(len(chosen), dtype=np.bool_)
    rival = np.full(len(chosen), -1, dtype=np.int32)
    for place in range(len(chosen)):
        n = chosen[place]
        for line in range(hypotheses.start[n], hypotheses.start[n + 1]):
            item = hypotheses.item[line]
            left = pool.open[item] - pool.taken[item] - pool.held[item]
            pay = hypotheses.pay[line]
            if left == 0 or (left > 0) != (pay > 0) or abs(pay) > abs(left):
                rival[place] = pool.owner[item]
        if rival[place] >= 0:
            continue
        stands[place] = True
        for line in range(hypotheses.start[n], hypotheses.start[n + 1]):
            item = hypotheses.item[line]
            if posts[place]:
                pool.taken[item] += hypotheses.pay[line]
            else:
                pool.held[item] += hypotheses.pay[line]
            pool.owner[item] = hypotheses.ask[n]
    return stands, rival


@kernel
def contested(chosen: Int64, hypotheses: Hypotheses, pool: Pool) -> Int32:
    """For each claim another receipt of `chosen` that wants one of its items, where both cannot have it; −1: none.

    `pool.owner` of a wanted item names the first that wants it while this runs.
    """
    other = np.full(len(chosen), -1, dtype=np.int32)
    wants, who = np.empty(_lines(chosen, hypotheses), np.int64), np.empty(_lines(chosen, hypotheses), np.int64)
    count = 0
    for place in range(len(chosen)):
        for line in range(hypotheses.start[chosen[place]], hypotheses.start[chosen[place] + 1]):
            wants[count], who[count] = line, place
            count += 1
    items = hypotheses.item[wants]
    order = np.argsort(items, kind="mergesort")
    begin = 0
    while begin < count:
        end, wanted, item = begin, np.int64(0), items[order[begin]]
        while end < count and items[order[end]] == item:
            wanted += hypotheses.pay[wants[order[end]]]
            end += 1
        if end - begin > 1 and abs(wanted) > abs(pool.open[item] - pool.taken[item] - pool.held[item]):
            for n in range(begin, end):
                rival = who[order[begin]] if n > begin else who[order[begin + 1]]
                other[who[order[n]]] = hypotheses.ask[chosen[rival]]
        begin = end
    return other


@lean
def _lines(chosen: Int64, hypotheses: Hypotheses) -> int:
    count = 0
    for n in chosen:
        count += hypotheses.start[n + 1] - hypotheses.start[n]
    return count


@kernel
def release(items: Int32, pay: Int64, pool: Pool) -> None:
    """Gives held items back."""
    for n in range(len(items)):
        pool.held[items[n]] -= pay[n]
