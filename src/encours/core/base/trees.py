"""Boosted trees as plain arrays: what a learner has found is walked here without the learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.base.threads import WORKERS, side_by_side

#: Rows that one thread scores at once; what is not worth a thread.
_SHARE, _FEW = 20_000, 20_000
#: A tree has at most so many leaves: they are the bits of one word.
_LEAVES = 64
#: Rows that are asked together: the leaves left of them fit the nearest cache; leaves that half a word has room for.
_BLOCK, _HALF, _ALL = 64, 32, np.uint32(0xFFFF_FFFF)
#: Finds the lowest set bit of a word: the word with that bit alone, multiplied, begins with six bits of its own.
_SPREAD, _58 = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
_BIT = np.zeros(_LEAVES, dtype=np.int8)
for _bit in range(_LEAVES):
    _BIT[(int(_SPREAD) << _bit & 0xFFFF_FFFF_FFFF_FFFF) >> 58] = _bit


class Trees(NamedTuple):
    """All trees by what they ask (as QuickScorer does, Lucchese and others 2015): no way from node to node is followed.

    The leaves of a tree are bits, the leftmost the lowest. A question `first[f]` to `first[f + 1]` asks whether feature
    f is above `bound` (ascending); where it is, only the leaves in `mask` are left of tree `tree`. The lowest bit left
    in the end is the leaf: `value` (tree, leaf) in log odds.
    """

    first: npt.NDArray[np.int64]
    bound: npt.NDArray[np.float32]
    tree: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint64]
    value: npt.NDArray[np.float64]


def trees_of(model: Mapping[str, list[Any]]) -> Trees:
    """Trees as their text holds them: `root` (the first node of each tree), and by node `feature` (−1: a leaf), `bound`
    (values up to it go left), `left`, `right` (nodes), `value` (of a leaf, in log odds)."""
    questions: list[tuple[int, float, int, int]] = []
    value = np.zeros((len(model["root"]), _LEAVES))

    def read(tree: int, node: int, begin: int) -> int:
        """Reads what hangs on a node whose leftmost leaf is `begin`; the leaf after its last."""
        if model["feature"][node] < 0:
            value[tree, begin] = model["value"][node]
            return begin + 1
        middle = read(tree, model["left"][node], begin)
        lost = (1 << middle) - (1 << begin)  # whoever goes right reaches no leaf of the left
        questions.append((model["feature"][node], model["bound"][node], tree, ~lost & (1 << _LEAVES) - 1))
        return read(tree, model["right"][node], middle)

    for tree, root in enumerate(model["root"]):
        assert read(tree, root, 0) <= _LEAVES  # as many leaves as a word has bits
    questions.sort()
    return Trees(
        first=np.searchsorted([feature for feature, *_ in questions], np.arange(max(model["feature"]) + 2)),
        bound=np.array([bound for _, bound, _, _ in questions], dtype=np.float32),
        tree=np.array([tree for _, _, tree, _ in questions], dtype=np.int32),
        mask=np.array([mask for *_, mask in questions], dtype=np.uint64),
        value=value,
    )


def nodes_of(dumped: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A model as LightGBM's `dump_model` tells it, as the lists that `trees_of` reads."""
    found: dict[str, list[Any]] = {name: [] for name in ("root", "feature", "bound", "left", "right", "value")}

    def write(node: Mapping[str, Any]) -> int:
        place, leaf = len(found["feature"]), "leaf_value" in node
        found["feature"].append(-1 if leaf else node["split_feature"])
        found["bound"].append(0.0 if leaf else _below(node["threshold"]))
        found["value"].append(node["leaf_value"] if leaf else 0.0)
        found["left"].append(0)
        found["right"].append(0)
        if not leaf:
            found["left"][place], found["right"][place] = write(node["left_child"]), write(node["right_child"])
        return place

    found["root"] += [write(tree["tree_structure"]) for tree in dumped["tree_info"]]
    return found


def _below(bound: float) -> float:
    """The largest float32 that is not above a bound: it parts float32 values as the bound does."""
    near = np.float32(bound)
    return float(near if float(near) <= bound else np.nextafter(near, np.float32(-np.inf)))


def chances(features: npt.NDArray[np.float32], trees: Trees, threads: bool = True) -> npt.NDArray[np.float64]:
    """A probability for each row of features: the logistic of the sum of its leaves.

    `threads` False: the caller works side by side already.
    """
    shares = np.array_split(features, WORKERS * max(1, -(-len(features) // (_SHARE * WORKERS))))
    small = not trees.value[:, _HALF:].any()  # half a word has room for all leaves
    walk = _odds_of_blocks if small else _odds
    given = trees._replace(mask=trees.mask.astype(np.uint32)) if small else trees
    alone = not threads or len(features) <= _FEW
    odds = walk(features, given) if alone else np.concatenate(side_by_side(lambda share: walk(share, given), shares))
    found: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return found


@kernel
def _odds_of_blocks(rows: npt.NDArray[np.float32], trees: Trees) -> npt.NDArray[np.float64]:
    """The same for trees of few leaves, many rows at a time: a question is asked of all of them in a few instructions
    (as V-QuickScorer does, Lucchese and others 2016)."""
    first, bound, tree, mask, value = trees
    total = np.zeros(len(rows), dtype=np.float64)
    # One row of words after the other, and places without a sign: that is what the compiler can do many at a time.
    left = np.empty(len(value) * _BLOCK, dtype=np.uint32)
    here = np.empty(_BLOCK, dtype=np.float32)
    for begin in range(0, len(rows), _BLOCK):
        count = min(_BLOCK, len(rows) - begin)
        left[:] = _ALL
        for feature in range(len(first) - 1):
            highest = rows[begin, feature]
            for place in range(_BLOCK):
                here[place] = rows[begin + min(place, count - 1), feature]
                highest = max(highest, here[place])
            for question in range(first[feature], first[feature + 1]):
                asked, kept = bound[question], mask[question]
                if highest <= asked:
                    break
                at = np.uint64(tree[question]) * np.uint64(_BLOCK)
                for place in range(_BLOCK):
                    word = left[at + np.uint64(place)]
                    left[at + np.uint64(place)] = word & kept if here[place] > asked else word
        for one in range(len(value)):
            for place in range(count):
                word = left[one * _BLOCK + place]
                lowest = np.uint64(word & (~word + np.uint32(1)))
                total[begin + place] += value[one, _BIT[lowest * _SPREAD >> _58]]
    return total


@kernel
def _odds(rows: npt.NDArray[np.float32], trees: Trees) -> npt.NDArray[np.float64]:
    first, bound, tree, mask, value = trees
    total = np.zeros(len(rows), dtype=np.float64)
    left = np.empty(len(value), dtype=np.uint64)
    for row in range(len(rows)):
        left[:] = ~np.uint64(0)
        for feature in range(len(first) - 1):
            here = rows[row, feature]
            for question in range(first[feature], first[feature + 1]):
                if here <= bound[question]:
                    break
                left[tree[question]] &= mask[question]
        for one in range(len(value)):
            lowest = left[one] & (~left[one] + np.uint64(1))
            total[row] += value[one, _BIT[lowest * _SPREAD >> _58]]
    return total
