"""How sure the best hypothesis of each receipt is: all that can be said of a receipt before others want its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from encours.core.matching.ceilings import DOUBTED, exchangeable, of_anybody
from encours.core.matching.certainty import compare, item_sets, left_open
from encours.core.matching.claims import Hypotheses, best_of
from encours.core.matching.explain import SPOKEN_OF
from encours.core.matching.families import families
from encours.core.matching.features import PLACE
from encours.core.matching.floors import floors
from encours.core.matching.lines import joined, only
from encours.core.matching.policy import Claims, Policy, Rows
from encours.core.matching.proof import EXCHANGEABLE, SAME_ITEMS, SUPPOSED, proven, weaknesses
from encours.core.matching.score import COMPARED, prior_certainty, score
from encours.core.matching.search import Facts, Found

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: Share of proofs expected to be wrong, until judged receipts of the book say better: a chance hit needs the same
#: number in the text and the same cents.
PROOF_ERROR_RATE = 0.0001
_SCORE, _OTHER_ITEMS = COMPARED.index("score"), COMPARED.index("other_items")
_SPOKEN = [PLACE[name] for name in SPOKEN_OF]


@dataclass(frozen=True)
class Judged:
    """One place a receipt that has a hypothesis: its best one in `hypotheses`.

    `spoken`: the features that sentences speak of (`explain.SPOKEN_OF`); `sure`: how sure its items are, `certain` the
    same as far as a certificate may count on it; `proof`: it stands on one; `posts`: it does, or reaches what is
    certified; `quotes`: its family goes by what is quoted; `weak` (bits of `proof`); `second`: the score of the best
    that pays something else, `second_family` its family (−1: none), `second_items` how many items it has (0: the same).
    """

    hypotheses: Hypotheses
    spoken: npt.NDArray[np.float32]
    sure: Floats
    certain: Floats
    proof: Bools
    posts: Bools
    quotes: Bools
    weak: npt.NDArray[np.int32]
    second: Floats
    second_family: npt.NDArray[np.int32]
    second_items: npt.NDArray[np.int32]


def judge(found: Found, facts: Facts, policy: Policy, final: bool) -> tuple[Judged, Claims]:
    """The best hypothesis of each receipt in `found`, and those that no proof decides as the model saw them. In the
    last round nothing is proven and nothing posts: what fits only then was not there when the money came."""
    every = score(found.features, policy.trees)
    order = np.lexsort((-every, found.hypotheses.ask))
    best, second, margin = best_of(found.hypotheses, every, order)
    features, hypotheses = found.features[best], only(found.hypotheses, best)
    weak = weaknesses(hypotheses, facts.pool, facts.asks)
    proof = proven(hypotheses, features, weak, facts) & (not final)
    sets = item_sets(found.hypotheses.start, found.hypotheses.item)
    beside = compare(found.hypotheses, sets, every, _of_families("code"), order)
    claims = _doubted(features, beside, hypotheses, sets[best], proof)
    quotes = _of_families("quotes")[hypotheses.family]
    sure = _sure(beside, proof, quotes, claims, policy)
    either = exchangeable(np.where(proof, 0.0, sure), hypotheses, facts)
    sure = np.where(either | (of_anybody(features) & ~proof), np.minimum(sure, DOUBTED), sure)
    # What only a rule holds up is shown, but no certificate may count on it.
    floor = floors(hypotheses, features, facts)
    certain, sure = np.where(floor > sure, 0.0, sure), np.maximum(sure, floor)
    posts = (proof | (certain >= certified_for(policy, hypotheses.family))) & (not final)
    instead = left_open(found.hypotheses, sets, order, _of_families("supposes"))
    posts, left = _without_supposing(hypotheses, features, instead, posts)
    if left.any():
        # The surer one, which supposes a cause, is now the one that pays something else.
        second, margin = np.where(left, best, second), np.where(left, every[best], margin)
        best = np.where(left, instead, best)
        features, hypotheses = found.features[best], only(found.hypotheses, best)
    weak = weak | np.where(beside[:, _OTHER_ITEMS] == 0, SAME_ITEMS, 0) | np.where(left, SUPPOSED, 0)
    weak = weak | np.where(either, EXCHANGEABLE, 0)
    spoken = features[:, _SPOKEN]
    others = _runner_up(found.hypotheses, sets, best, second)
    judged = Judged(hypotheses, spoken, sure, certain, proof, posts, quotes, weak.astype(np.int32), margin, *others)
    return judged, claims


def _runner_up(hypotheses: Hypotheses, sets: Int64, best: Int64, second: Int64) -> tuple[Int32, Int32]:
    """`second_family` and `second_items`."""
    there = second >= 0
    items = np.diff(hypotheses.start)[second]
    family = np.where(there, hypotheses.family[second], -1)
    return family.astype(np.int32), np.where(there & (sets[second] != sets[best]), items, 0).astype(np.int32)


def _doubted(features: Rows, beside: Rows, hypotheses: Hypotheses, sets: Int64, proof: Bools) -> Claims:
    places = np.flatnonzero(~proof)
    return Claims(np.hstack((features[places], beside[places])), hypotheses.ask[places], sets[places])


def _sure(beside: Rows, proof: Bools, quotes: Bools, claims: Claims, policy: Policy) -> Floats:
    """How sure the items of each claim are: a proof stands on number, amount and account, of which no model knows."""
    sure = np.full(len(proof), 1 - PROOF_ERROR_RATE)
    sure[~proof] = (policy.weigh or _shipped)(claims.rows)
    # Two sets alike in everything, unquoted: at most one is right, so neither is surer than a half.
    tied = (beside[:, _OTHER_ITEMS] >= beside[:, _SCORE]) & ~quotes & ~proof
    return np.where(tied, np.minimum(sure, beside[:, _SCORE] / 2), sure)


def _shipped(rows: Rows) -> Floats:
    return score(rows, prior_certainty())


def _of_families(name: str) -> npt.NDArray[Any]:
    return np.array([getattr(family, name) for family in families()])


def certified_for(policy: Policy, family: npt.NDArray[np.int32]) -> Floats:
    """The least confidence with which claims of each family (its place) post without a proof."""
    found: Floats = np.broadcast_to(policy.certified, len(families()))[family]
    return found


def _without_supposing(hypotheses: Hypotheses, features: Rows, instead: Int64, posts: Bools) -> tuple[Bools, Bools]:
    """Which claims post, and which of those leave a difference open for a person to name.

    What posts by itself books no difference whose cause is only supposed: the hypothesis of the same items that leaves
    it open takes its place (`instead`, −1: none); where there is none, the claim does not post.
    """
    says = features[:, PLACE["says_fees"]] > 0
    unsaid = posts & _of_families("supposes")[hypotheses.family] & ~says
    left = unsaid & (instead >= 0)
    return posts & (left | ~unsaid), left


def together(parts: Sequence[Judged]) -> Judged:
    """What was judged share by share, in their order."""
    if len(parts) == 1:
        return parts[0]
    names = [name for name in Judged.__dataclass_fields__ if name != "hypotheses"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Judged(hypotheses=joined([part.hypotheses for part in parts]), **columns)
