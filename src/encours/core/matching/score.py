"""How probable it is that a hypothesis is the truth: boosted trees on its features, shipped as text.

`python -m benchmarks.matching.train` writes prior.json anew from generated books whose truth is known.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from encours.core.base import trees as arrays
from encours.core.base.trees import Trees
from encours.core.matching.features import FEATURES

__all__ = ["Trees", "prior", "score", "trees_of"]


@cache
def prior() -> Trees:
    """The shipped model. Raises AssertionError where it was trained on other features than the engine computes."""
    text = resources.files("encours.core.matching").joinpath("prior.json").read_text(encoding="utf-8")
    return trees_of(json.loads(text))


def trees_of(model: dict[str, list[object]]) -> Trees:
    """A model as its text holds it: `features` by name, and the arrays of Trees."""
    assert model["features"] == list(FEATURES), "the model was trained on other features: train it anew"
    return arrays.trees_of(model)


def score(features: npt.NDArray[np.float32], trees: Trees | None = None) -> npt.NDArray[np.float64]:
    """A probability for each row of features."""
    return arrays.chances(features, trees or prior())
