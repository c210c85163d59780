"""How sure it is that a claim names the right items: a second model, which sees the best hypothesis beside the others.

The model of `score` says of each hypothesis alone whether it is the truth to the cent; the best one makes the claim.
Whether its *items* are right is another question, and the one that posting hangs on: that an invoice was paid less a
bank charge or in part differs in what becomes of the rest, not in the invoice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.claims import Hypotheses
from encours.core.matching.score import COMPARED

Int64 = npt.NDArray[np.int64]
_WIDTH = len(COMPARED)


@kernel
def item_sets(start: Int64, item: npt.NDArray[np.int32]) -> Int64:
    """A number for the items of each hypothesis, whatever it takes off them."""
    found = np.zeros(len(start) - 1, dtype=np.int64)
    for n in range(len(found)):
        for line in range(start[n], start[n + 1]):
            # splitmix64: sums of such numbers are alike for the same items only
            mixed = np.uint64(item[line] + 1) * np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            found[n] += np.int64(mixed ^ (mixed >> np.uint64(27)))
    return found


@kernel
def compare(
    hypotheses: Hypotheses, sets: Int64, score: npt.NDArray[np.float64], code: npt.NDArray[np.int64], order: Int64
) -> npt.NDArray[np.float32]:
    """A row of COMPARED for each receipt's best hypothesis; `order` sorts by receipt, the surest first.

    `code`: of the families, by their place.
    """
    rows = np.zeros((len(order), _WIDTH), dtype=np.float32)
    count, begin = 0, 0
    while begin < len(order):
        end = begin
        while end < len(order) and hypotheses.ask[order[end]] == hypotheses.ask[order[begin]]:
            end += 1
        best, row = order[begin], rows[count]
        row[0], row[5], row[6] = score[best], 1, end - begin
        for place in range(begin + 1, end):
            n = order[place]
            if hypotheses.signature[n] == hypotheses.signature[best]:
                row[5] += 1
            elif sets[n] == sets[best]:
                row[1] = max(row[1], score[n])
            else:
                if score[n] > row[2]:
                    row[2], row[4] = score[n], code[hypotheses.family[n]]
                row[3] += score[n]
        count, begin = count + 1, end
    return rows[:count]


@kernel
def left_open(hypotheses: Hypotheses, sets: Int64, order: Int64, deducts: npt.NDArray[np.bool_]) -> Int64:
    """For each receipt whose best hypothesis deducts (by family): the one of the same items that deducts nothing.

    −1 where there is none, and where the best one deducts nothing itself.
    """
    found = np.full(len(order), -1, dtype=np.int64)
    count, begin = 0, 0
    while begin < len(order):
        end, best = begin, order[begin]
        while end < len(order) and hypotheses.ask[order[end]] == hypotheses.ask[best]:
            n = order[end]
            same = sets[n] == sets[best] and not deducts[hypotheses.family[n]] and hypotheses.gap[n] == 0
            if deducts[hypotheses.family[best]] and same and found[count] < 0:
                found[count] = n
            end += 1
        count, begin = count + 1, end
    return found[:count]
