"""What a run may do, and what may be watched of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.matching.score import Trees
from encours.core.matching.search import Found

Rows = npt.NDArray[np.float32]
#: A confidence that none reaches.
NOTHING = 2.0


class Claims(NamedTuple):
    """Claims that no proof decides: `rows` of CLAIM_FEATURES, the receipts (`ask`), numbers of their items (`sets`)."""

    rows: Rows
    ask: npt.NDArray[np.int32]
    sets: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Policy:
    """`least`: a confidence below which nothing is proposed, `least_on_account` the same for receipts that stand on a
    customer's account and quote nothing. `certified`: one that a certificate allows to post without proof, for all or
    one a family (above 1: none). `trees`: the model of hypotheses, default the shipped one; `weigh`: how sure rows of
    CLAIM_FEATURES are, default by the shipped model. What the models are trained on, share by share: `watch` is shown
    all hypotheses as they are found, `watch_claims` what is claimed."""

    least: float = 0.5
    least_on_account: float = 0.3
    certified: float | npt.NDArray[np.float64] = NOTHING
    trees: Trees | None = None
    weigh: Callable[[Rows], npt.NDArray[np.float64]] | None = None
    watch: Callable[[Found], None] | None = None
    watch_claims: Callable[[Claims], None] | None = None
