"""Tries a model on the book's own recent past before it is believed: which forecaster wins, how wide its range must be.

What was known some weeks ago is learnt, the items open in the following weeks are predicted from it, and what became of
them is known by now. The range is set so that so many outcomes fall before and after it (split conformal prediction on
a calibration set that lies after the training set: Vovk et al., 2005); a duel against the due date and the payer's own
median decides whether the model is used at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.behaviour.baselines import due_date, own_median
from encours.core.behaviour.curves import day_when
from encours.core.behaviour.distribute import distribute
from encours.core.behaviour.grid import Float64, Int32, Int64
from encours.core.behaviour.learn import LEAST_PAYMENTS, Learnt, learn_trees
from encours.core.behaviour.looks import standing
from encours.core.behaviour.score import figures
from encours.core.behaviour.study import Study

#: The trial: so many days before the studied day it begins; looked at once a week, so often.
TRIAL_DAYS, TRIAL_WEEKS = 63, 5
#: Share of outcomes that should fall before P10 and after P90; money comes on whole days, so that a tenth is reached
#: from below.
BELOW, ABOVE = 0.08, 0.09
#: The levels that are tried, and those of a book with too few outcomes to tell.
_LOW, _HIGH = np.arange(0.04, 0.32, 0.01), np.arange(0.78, 0.98, 0.01)
USUAL = (0.18, 0.88)
#: Fewer outcomes than this calibrate nothing, nor do they decide a duel.
_FEW = 150
MODEL, OWN_MEDIAN = "model", "own_median"


class Trial(NamedTuple):
    """What a trial found: who forecasts (MODEL or OWN_MEDIAN), the levels of the curve that are P10 and P90, and the
    FIGURES of `model`, `due_date` and `own_median` on the trial's weeks (empty: there was too little to try)."""

    basis: str
    low: float
    high: float
    duel: dict[str, dict[str, float]]


def tried(study: Study) -> Trial:
    """A trial of the model on the weeks before the studied day."""
    start = study.day - study.lag - TRIAL_DAYS
    enough = study.payments_by(study.day) >= LEAST_PAYMENTS
    learnt = learn_trees(study, start)
    looks = [standing(study, start + 7 * week) for week in range(TRIAL_WEEKS)]
    item, day = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    if len(item) < _FEW:
        return Trial(MODEL if enough else OWN_MEDIAN, *USUAL, {})
    delay = _outcomes(study, item)
    low, high, duel = _measured(study, item, day, learnt, delay)
    won = learnt is not None and duel["model"]["mae"] <= duel["own_median"]["mae"]
    untried = learnt is None and enough  # there were too few payments then, there are enough now
    return Trial(MODEL if won or untried else OWN_MEDIAN, low, high, duel)


def _outcomes(study: Study, item: Int64) -> Float64:
    """Days from the due date to the payment; of an item still open (or gone without one), to the last day it was."""
    items = study.items
    last = np.minimum(items.end[item], study.day - study.lag)
    return (last - items.due[item]).astype(np.float64)


def _measured(
    study: Study, item: Int64, day: Int32, learnt: Learnt | None, delay: Float64
) -> tuple[float, float, dict[str, dict[str, float]]]:
    found = distribute(study, item, day, learnt)
    due = study.items.due[item]

    def at(level: float) -> Float64:
        return (day_when(found.curves, np.full(len(item), level)) - due).astype(np.float64)

    low = _nearest(_LOW, BELOW, lambda level: float((delay < at(level)).mean()))
    high = _nearest(_HIGH, ABOVE, lambda level: float((delay > at(level)).mean()))
    duel = {
        "model": figures(delay, at(low), at(0.5), at(high)),
        "due_date": figures(delay, *due_date(study, item, day)),
        "own_median": figures(delay, *own_median(study, item, day, found.said)),
    }
    return low, high, duel


def _nearest(levels: Float64, goal: float, share: object) -> float:
    missed = [abs(share(level) - goal) for level in levels]  # type: ignore[operator]  # a function of a level
    return float(levels[int(np.argmin(missed))])
