"""Whether a kept model still holds: what it said of the last weeks beside what came, and how much it has not seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.behaviour.curves import left_at
from encours.core.behaviour.distribute import distribute
from encours.core.behaviour.looks import standing
from encours.core.behaviour.model import Model
from encours.core.behaviour.study import Study

#: The weeks looked back on, and the days that are foreseen from each of their beginnings.
_WEEKS, _DAYS = 4, 7
#: More or fewer payments in a week than foreseen by this share of them, and by so many standard deviations.
_SHARE, _DEVIATIONS = 0.1, 4.0
#: So much more is known than when the model was learnt, or so many days have passed: it is learnt anew all the same.
_MORE, _OLDEST_DAYS = 0.1, 90


class Drift(NamedTuple):
    """`foreseen` and `came`: payments within a week of items open at its beginning, over the last weeks.

    `deviations`: (came − foreseen) / √Σ p (1 − p); payers that pay in runs make it wide, so both bounds must be passed.
    `refit`: whether the model should be learnt anew, and `reason` why (moved, grown, old, none).
    """

    foreseen: float
    came: int
    deviations: float
    refit: bool
    reason: str


def drift(study: Study, model: Model) -> Drift:
    """Asks a kept model about the last four weeks of a book studied today. Weeks that it was learnt from count, too:
    what it got wrong even there, it does not know."""
    start = study.day - study.lag - _WEEKS * _DAYS
    looks = [standing(study, start + _DAYS * week) for week in range(_WEEKS)]
    item, day = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    awaited = study.items.end[item] > day
    item, day = item[awaited], day[awaited]
    end = (day + _DAYS).astype(np.int32)
    chance = 1.0 - left_at(distribute(study, item, day, model.learnt).curves, end)
    came = int((study.items.paid[item] & (study.items.end[item] <= end)).sum())
    foreseen, spread = float(chance.sum()), float(np.sqrt((chance * (1 - chance)).sum()))
    deviations = (came - foreseen) / spread if spread > 0 else 0.0
    moved = abs(deviations) > _DEVIATIONS and abs(came - foreseen) > _SHARE * max(foreseen, 1.0)
    grown = study.payments_by(study.day) > (1 + _MORE) * model.payments
    old = (study.as_of - model.learnt_on).days > _OLDEST_DAYS
    reason = "moved" if moved else "grown" if grown else "old" if old else "none"
    return Drift(foreseen, came, deviations, reason != "none", reason)
