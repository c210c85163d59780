"""How probable it is that a hypothesis is the truth: boosted trees on its features, shipped as text.

`python -m benchmarks.matching.train` writes prior.json anew from generated books whose truth is known.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.features import FEATURES
from encours.core.matching.threads import WORKERS, side_by_side

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


@cache
def prior() -> Trees:
    """The shipped model. Raises AssertionError where it was trained on other features than the engine computes."""
    text = resources.files("encours.core.matching").joinpath("prior.json").read_text(encoding="utf-8")
    return trees_of(json.loads(text))


def trees_of(model: dict[str, list[object]]) -> Trees:
    """A model as its text holds it: `features` by name, `root`, and a list for each array of Trees."""
    assert model["features"] == list(FEATURES), "the model was trained on other features: train it anew"
    return Trees(
        root=np.array(model["root"], dtype=np.int32),
        feature=np.array(model["feature"], dtype=np.int32),
        bound=np.array(model["bound"], dtype=np.float32),
        left=np.array(model["left"], dtype=np.int32),
        right=np.array(model["right"], dtype=np.int32),
        value=np.array(model["value"], dtype=np.float64),
    )


def score(features: npt.NDArray[np.float32], trees: Trees | None = None) -> npt.NDArray[np.float64]:
    """A probability for each row of features."""
    model = trees or prior()
    shares = np.array_split(features, WORKERS * max(1, -(-len(features) // (_SHARE * WORKERS))))
    few = len(features) <= _FEW
    odds = _walk(features, *model) if few else np.concatenate(side_by_side(lambda share: _walk(share, *model), shares))
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
