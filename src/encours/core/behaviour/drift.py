"""Whether a kept model still holds: what it said of the last weeks beside what came, and how much it has not seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.behaviour.baselines import own_median
from encours.core.behaviour.curves import day_when, left_at
from encours.core.behaviour.distribute import Distributed, distribute
from encours.core.behaviour.grid import Float64, Int32, Int64
from encours.core.behaviour.looks import standing
from encours.core.behaviour.model import Model
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.study import Study

#: The weeks looked back on, and the days that are foreseen from each of their beginnings.
_WEEKS, _DAYS = 4, 7
#: What was said in so many weeks is set beside what came, once the model is so old: before, few ranges have passed.
_SAID_WEEKS, _SAID_DAYS = 8, 28
#: More or fewer payments in a week than foreseen by this share of them, and by so many standard deviations.
_SHARE, _DEVIATIONS = 0.1, 4.0
#: A tail meant to hold a tenth holds this share; the model errs by this much more than the payers' own medians.
_TAIL, _WORSE = 0.2, 1.05
#: Fewer predictions that have come true say nothing.
_FEW = 150
#: So much more is known than when the model was learnt, or more days have passed: it is learnt anew all the same.
_MORE, OLDEST_DAYS = 0.1, 90


class Drift(NamedTuple):
    """`foreseen` and `came`: payments within a week of items open at its beginning, over the last weeks.

    `deviations`: (came − foreseen) / √Σ p (1 − p); payers that pay in runs make it wide, so both bounds must be passed.
    `refit`: whether the model should be learnt anew, and `reason` why (moved, range, beaten, grown, old, none).
    Of what was said since the model was learnt, once the range's end has passed: `judged` (how many), `below` and
    `above` (shares of them paid before P10, and after P90 or not yet), `error` and `own_error` (days that the median
    and the payer's own median were off; what is unpaid counts as if it came now). 0 where nothing is judged.
    """

    foreseen: float
    came: int
    deviations: float
    refit: bool
    reason: str
    judged: int = 0
    below: float = 0.0
    above: float = 0.0
    error: float = 0.0
    own_error: float = 0.0


class _Since(NamedTuple):
    judged: int
    below: float
    above: float
    error: float
    own_error: float

    def reason(self, old_enough: bool, learnt: bool) -> str | None:
        if not old_enough or self.judged < _FEW:
            return None
        if max(self.below, self.above) > _TAIL:
            return "range"
        return "beaten" if learnt and self.error > _WORSE * self.own_error else None


def drift(study: Study, model: Model) -> Drift:
    """Asks a kept model about the last weeks of a book studied today.

    Weeks that it was learnt from count, too, where payments are counted: what it got wrong even there, it does not
    know. Its ranges are judged by what it said afterwards alone.
    """
    sure, learnt_day = study.day - study.lag, day_number(model.learnt_on)
    first = sure - _WEEKS * _DAYS
    starts = [sure - _DAYS * back for back in range(_SAID_WEEKS, 0, -1)]
    looks = [standing(study, start) for start in starts if start >= min(first, learnt_day)]
    item, day = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    awaited = study.items.end[item] > day
    item, day = item[awaited], day[awaited]
    found = distribute(study, item, day, model.learnt)
    foreseen, came, deviations = _counted(study, item, day, found, first)
    since = _since(study, item, day, found, model, learnt_day)
    moved = abs(deviations) > _DEVIATIONS and abs(came - foreseen) > _SHARE * max(foreseen, 1.0)
    missed = since.reason(study.day - learnt_day >= _SAID_DAYS, model.learnt is not None)
    grown = study.payments_by(study.day) > (1 + _MORE) * model.payments
    old = (study.as_of - model.learnt_on).days > OLDEST_DAYS
    reason = "moved" if moved else missed or ("grown" if grown else "old" if old else "none")
    return Drift(foreseen, came, deviations, reason != "none", reason, *since)


def _counted(study: Study, item: Int64, day: Int32, found: Distributed, first: int) -> tuple[float, int, float]:
    """Payments foreseen and come within a week of the looks from day `first` on, and the deviations between them."""
    end, recent = (day + _DAYS).astype(np.int32), day >= first
    chance = (1.0 - left_at(found.curves, end))[recent]
    came = int((study.items.paid[item] & (study.items.end[item] <= end))[recent].sum())
    foreseen, spread = float(chance.sum()), float(np.sqrt((chance * (1 - chance)).sum()))
    return foreseen, came, (came - foreseen) / spread if spread > 0 else 0.0


def _since(study: Study, item: Int64, day: Int32, found: Distributed, model: Model, learnt_day: int) -> _Since:
    """What the model said since it was learnt. Chosen by what was said, never by what came: else the late were missing.

    What left without a payment tells of no payment day.
    """
    sure, end = study.day - study.lag, study.items.end[item]

    def at(level: float) -> Float64:
        return day_when(found.curves, np.full(len(item), level)).astype(np.float64)

    low, middle, high = at(model.trial.low), at(0.5), at(model.trial.high)
    gone = ~study.items.paid[item] & (end <= sure)
    judged = (day >= learnt_day) & (high <= sure) & ~gone
    if not judged.any():
        return _Since(0, 0.0, 0.0, 0.0, 0.0)
    came = np.minimum(end, sure)
    own = own_median(study, item, day, found.said).p50 + study.items.due[item]
    return _Since(
        int(judged.sum()),
        float((end < low)[judged].mean()),
        float((end > high)[judged].mean()),
        float(np.abs(came - middle)[judged].mean()),
        float(np.abs(came - own)[judged].mean()),
    )
