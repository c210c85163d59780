"""Boosted trees as plain arrays: what a learner has found is walked here without the learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.base.threads import WORKERS, side_by_side

#: Rows that one thread scores at once; what is not worth a thread.
_SHARE, _FEW = 20_000, 2_000
#: Rows that go through one tree together.
_BLOCK = 64


class Trees(NamedTuple):
    """All trees in one run of nodes; tree t begins at `root[t]`.

    By node: `feature` (−1: a leaf), `bound` (values up to it go left), `left`, `right` (nodes), `value` (of a leaf, in
    log odds).
    """

    root: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    bound: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]


def trees_of(model: Mapping[str, list[Any]]) -> Trees:
    """Trees as their text holds them: a list for each array of Trees."""
    return Trees(
        root=np.array(model["root"], dtype=np.int32),
        feature=np.array(model["feature"], dtype=np.int32),
        bound=np.array(model["bound"], dtype=np.float32),
        left=np.array(model["left"], dtype=np.int32),
        right=np.array(model["right"], dtype=np.int32),
        value=np.array(model["value"], dtype=np.float64),
    )


def chances(features: npt.NDArray[np.float32], trees: Trees) -> npt.NDArray[np.float64]:
    """A probability for each row of features: the logistic of the sum of its leaves."""
    shares = np.array_split(features, WORKERS * max(1, -(-len(features) // (_SHARE * WORKERS))))
    few = len(features) <= _FEW
    odds = _walk(features, *trees) if few else np.concatenate(side_by_side(lambda share: _walk(share, *trees), shares))
    found: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return found


@kernel
def _walk(
    rows: npt.NDArray[np.float32],
    root: npt.NDArray[np.int32],
    feature: npt.NDArray[np.int32],
    bound: npt.NDArray[np.float32],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    total = np.zeros(len(rows), dtype=np.float64)
    for begin in range(0, len(rows), _BLOCK):
        end = min(begin + _BLOCK, len(rows))
        for tree in root:  # one tree's nodes and some rows fit the nearest cache, all trees do not
            for row in range(begin, end):
                node = tree
                while feature[node] >= 0:
                    node = left[node] if rows[row, feature[node]] <= bound[node] else right[node]
                total[row] += value[node]
    return total
