"""How sure the best hypothesis of each receipt is: all that can be said of a receipt before others want its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from encours.core.matching.claims import Hypotheses, best_of
from encours.core.matching.explain import SPOKEN_OF
from encours.core.matching.families import families
from encours.core.matching.features import PLACE
from encours.core.matching.floors import floors
from encours.core.matching.lines import joined, only
from encours.core.matching.proof import proven, weaknesses
from encours.core.matching.score import Trees, score
from encours.core.matching.search import Facts, Found

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
#: Share of proofs expected to be wrong, until judged receipts of the book say better: a chance hit needs the same
#: number in the text and the same cents.
PROOF_ERROR_RATE = 0.0001
_SPOKEN = [PLACE[name] for name in SPOKEN_OF]


@dataclass(frozen=True)
class Judged:
    """One place a receipt that has a hypothesis: its best one in `hypotheses`.

    `spoken`: the features that sentences speak of (`explain.SPOKEN_OF`); `sure`: how sure it is, `certain` the same as
    far as a certificate may count on it; `proof`: it stands on one; `weak` (bits of `proof`); `second`: the score of
    the best other set, `second_family` its family (−1: none).
    """

    hypotheses: Hypotheses
    spoken: npt.NDArray[np.float32]
    sure: Floats
    certain: Floats
    proof: Bools
    weak: npt.NDArray[np.int32]
    second: Floats
    second_family: npt.NDArray[np.int32]


def judge(found: Found, facts: Facts, trees: Trees | None, final: bool) -> Judged:
    """The best hypothesis of each receipt in `found`."""
    hypotheses, every = found.hypotheses, score(found.features, trees)
    best, second, margin = best_of(hypotheses, every, np.lexsort((-every, hypotheses.ask)))
    features, scores = found.features[best], every[best]
    second_family = np.where(second >= 0, hypotheses.family[second], -1).astype(np.int32)
    hypotheses = only(hypotheses, best)
    weak = weaknesses(hypotheses, facts.pool, facts.asks)
    proof = proven(hypotheses, features, weak, facts) & (not final)
    # A proof stands on number, amount and account: the score knows nothing of it.
    # Two sets alike in everything, unquoted: at most one is right, so neither is surer than a half.
    tied = (margin >= scores) & ~np.array([family.quotes for family in families()])[hypotheses.family]
    alone = np.where(tied, scores / 2, scores)
    sure = np.where(proof, np.maximum(scores, 1 - PROOF_ERROR_RATE), alone)
    floor = floors(hypotheses, features, facts)
    certain, sure = np.where(floor > sure, 0.0, sure), np.maximum(sure, floor)
    return Judged(hypotheses, features[:, _SPOKEN], sure, certain, proof, weak, margin, second_family)


def together(parts: Sequence[Judged]) -> Judged:
    """What was judged share by share, in their order."""
    if len(parts) == 1:
        return parts[0]
    names = [name for name in Judged.__dataclass_fields__ if name != "hypotheses"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Judged(hypotheses=joined([part.hypotheses for part in parts]), **columns)
