"""Claims that look surer than they are: however sure the model is, they are no surer than this.

Each rule is a function with its sentence. The model judges a hypothesis by its own features; these are told by the
items beside it, or are too rare in any book for a model to learn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.matching.claims import Hypotheses
from encours.core.matching.equals import equal_left_open
from encours.core.matching.features import PLACE
from encours.core.matching.search import Facts

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
#: Worth a look, too doubtful for a promise of one in a thousand: in generated books one in twenty was wrong.
DOUBTED = 0.95
#: What tells the payer otherwise than by what is quoted.
_PAYER = (
    "stands_on", "account_own", "account_shared", "account_learned", "name_exact", "name_shared", "name_learned",
    "name_like", "customer_number",
)  # fmt: skip


def exchangeable(sure: Floats, hypotheses: Hypotheses, facts: Facts) -> Bools:
    """Two items of one amount, and nothing says which is paid: the sum is exact with either.

    Only of claims that are surer than such a claim may be.
    """
    found: Bools = equal_left_open(sure > DOUBTED, hypotheses, facts.pool, facts.asks, facts.marks)
    return found


def of_anybody(features: npt.NDArray[np.float32]) -> Bools:
    """Part of a number, a payer whom nothing tells, and a sum that does not fit: it may be anybody's invoice."""
    told = _sum_of(features, *_PAYER) > 0
    whole = _sum_of(features, "by_number", "by_other") > 0
    found: Bools = ~told & ~whole & ((features[:, PLACE["in_part"]] != 0) | (features[:, PLACE["gap"]] != 0))
    return found


def _sum_of(features: npt.NDArray[np.float32], *names: str) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.add.reduce([features[:, PLACE[name]] for name in names])
    return found
