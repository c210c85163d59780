"""Trees walked in blocks of rows, one by one, and from node to node: the same sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from encours.core.base.trees import _odds, chances, trees_of


def grown(trees: int, depth: int, seed: int) -> dict[str, list[Any]]:
    """Random trees over five features, as their text holds them."""
    chance = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {name: [] for name in ("root", "feature", "bound", "left", "right", "value")}

    def node(level: int) -> int:
        place, leaf = len(found["feature"]), level == 0 or chance.random() < 0.1
        found["feature"].append(-1 if leaf else int(chance.integers(0, 5)))
        found["bound"].append(float(np.float32(chance.normal())))
        found["value"].append(float(chance.normal()))
        found["left"].append(0)
        found["right"].append(0)
        if not leaf:
            found["left"][place], found["right"][place] = node(level - 1), node(level - 1)
        return place

    found["root"] += [node(depth) for _ in range(trees)]
    return found


def walked(model: dict[str, list[Any]], row: np.ndarray) -> float:
    """The sum of the leaves that a row reaches, from node to node."""
    total = 0.0
    for node in model["root"]:
        while model["feature"][node] >= 0:
            right = row[model["feature"][node]] > np.float32(model["bound"][node])
            node = model["right"][node] if right else model["left"][node]
        total += model["value"][node]
    return total


@pytest.mark.parametrize(("depth", "rows"), [(5, 1), (5, 63), (5, 130), (6, 130)])
def test_every_way_of_walking_finds_the_same_leaves(depth: int, rows: int) -> None:
    model = grown(20, depth, depth + rows)
    features = np.random.default_rng(rows).normal(size=(rows, 5)).astype(np.float32)
    features[0] = model["bound"][next(n for n, feature in enumerate(model["feature"]) if feature >= 0)]  # on a bound
    said = chances(features, trees_of(model))
    assert said == pytest.approx(1 / (1 + np.exp([-walked(model, row) for row in features])))
    assert np.array_equal(said, 1.0 / (1.0 + np.exp(-_odds(features, trees_of(model)))))
    assert np.array_equal(said, chances(features, trees_of(model), threads=False))
