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

__all__ = ["CLAIM_FEATURES", "COMPARED", "Trees", "prior", "prior_certainty", "score", "trees_of"]

#: What a claim is beside the other hypotheses of its receipt: its score; the best score of the same items paid
#: otherwise; the best of other items, the sum of them and the family of the best; how many hypotheses pay just the
#: same; how many there are.
COMPARED = ("score", "same_items", "other_items", "others", "other_family", "agree", "hypotheses")
CLAIM_FEATURES = (*FEATURES, *COMPARED)


@cache
def _shipped() -> dict[str, dict[str, list[object]]]:
    text = resources.files("encours.core.matching").joinpath("prior.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[object]]] = json.loads(text)
    return found


@cache
def prior() -> Trees:
    """The shipped model. Raises AssertionError where it was trained on other features than the engine computes."""
    return trees_of(_shipped()["hypotheses"])


@cache
def prior_certainty() -> Trees:
    """The shipped model of `certainty`. Raises AssertionError where it was trained on other features."""
    return trees_of(_shipped()["claims"], CLAIM_FEATURES)


def trees_of(model: dict[str, list[object]], features: tuple[str, ...] = FEATURES) -> Trees:
    """A model as its text holds it: `features` by name, and the arrays of Trees."""
    assert model["features"] == list(features), "the model was trained on other features: train it anew"
    return arrays.trees_of(model)


def score(features: npt.NDArray[np.float32], trees: Trees | None = None) -> npt.NDArray[np.float64]:
    """A probability for each row of features."""
    return arrays.chances(features, trees or prior())
