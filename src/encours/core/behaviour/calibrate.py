"""Tries a model on the book's own recent past before it is believed: which forecaster wins, how wide its range must be.

What was known some weeks ago is learnt, the items open in the following weeks are predicted from it, and what became of
them is known by now. The range is set so that so many outcomes fall before and after it (split conformal prediction on
a calibration set that lies after the training set: Vovk et al., 2005); a duel against the due date and the payer's own
median decides whether the model is used at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from encours.core.behaviour.baselines import due_date, own_median
from encours.core.behaviour.curves import day_when, left_at
from encours.core.behaviour.distribute import Distributed, distribute
from encours.core.behaviour.grid import Float64, Int32, Int64
from encours.core.behaviour.learn import LEAST_PAYMENTS, Learnt, learn_trees
from encours.core.behaviour.looks import standing
from encours.core.behaviour.own import SAID
from encours.core.behaviour.score import figures, reliability
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
#: Fewer payments of a payer than this are thin: who forecasts such payers is decided by a duel of theirs.
THIN = 20
OWN_PAST = "own_past"
_PAYMENTS = SAID.index("payments")


class Trial(NamedTuple):
    """What a trial found: who forecasts (MODEL or OWN_MEDIAN), the levels of the curve that are P10 and P90, and the
    FIGURES of `model`, `due_date` and `own_median` on the trial's weeks (empty: there was too little to try).

    Of the curves that forecast from now on: `used` (their FIGURES on those weeks) and `reliability` (said, happened,
    count: what P(late) said of items not due yet, by tenths, beside what came).
    `thin`: who forecasts payers of fewer than THIN payments where the model does the others: MODEL, or OWN_PAST, their
    own hazards leaning on their segment's; `thin_duel`: the mean error of both in days, of so many `forecasts`."""

    basis: str
    low: float
    high: float
    duel: dict[str, dict[str, float]]
    used: dict[str, float] | None = None
    reliability: Sequence[dict[str, float]] = ()
    thin: str = MODEL
    thin_duel: dict[str, float] | None = None


class _Measured(NamedTuple):
    said: Distributed
    low: float
    high: float
    duel: dict[str, dict[str, float]]
    reliability: Sequence[dict[str, float]]


def tried(study: Study) -> Trial:
    """A trial of the model on the weeks before the studied day."""
    start = study.day - study.lag - TRIAL_DAYS
    enough = study.payments_by(study.day) >= LEAST_PAYMENTS
    learnt = learn_trees(study, start)
    looks = [standing(study, start + 7 * week) for week in range(TRIAL_WEEKS)]
    item, day = (np.concatenate(parts) for parts in zip(*looks, strict=True))
    # What the bank had booked by then, and only we did not know, was no payment to be foreseen.
    awaited = study.items.end[item] > day
    item, day = item[awaited], day[awaited]
    if study.items.paid[item].sum() < _FEW:
        return Trial(MODEL if enough else OWN_MEDIAN, *USUAL, {})
    found = _measured(study, item, day, learnt)
    duel = found.duel
    won = learnt is not None and duel["model"]["mae"] <= duel["own_median"]["mae"]
    if learnt is not None and not won:  # the range is then read off the payers' own hazards
        found = _measured(study, item, day, None)
    told = (found.low, found.high, duel, found.duel["model"], found.reliability)
    if won:
        return Trial(MODEL, *told, *_thin(study, item, day, found.said))
    if learnt is None and enough:  # there were too few payments then, there are enough now: nothing is said of it yet
        return Trial(MODEL, *told[:2], {})
    return Trial(OWN_MEDIAN, *told)


def _thin(study: Study, item: Int64, day: Int32, model: Distributed) -> tuple[str, dict[str, float] | None]:
    """Who forecasts payers of few payments: their own past where the model was further off on them, and enough came.

    `model`: what it said of the looks.
    """
    few = study.items.paid[item] & (model.said[:, _PAYMENTS] < THIN)
    if few.sum() < _FEW:
        return MODEL, None
    middle = {
        MODEL: day_when(model.curves, np.full(len(item), 0.5))[few],
        OWN_PAST: day_when(distribute(study, item[few], day[few], None).curves, np.full(int(few.sum()), 0.5)),
    }
    end = study.items.end[item[few]]
    off = {name: float(np.abs(said - end).mean()) for name, said in middle.items()}
    return (MODEL if off[MODEL] <= off[OWN_PAST] else OWN_PAST), {"forecasts": float(few.sum()), **off}


def _measured(study: Study, item: Int64, day: Int32, learnt: Learnt | None) -> _Measured:
    """The levels of P10 and P90, the duel, the reliability. An item still open is after P90 if that has passed, else it
    tells nothing of it; in the duel stand those that were paid, as in `replay`."""
    found = distribute(study, item, day, learnt)
    due, paid = study.items.due[item], study.items.paid[item]
    last = np.minimum(study.items.end[item], study.day - study.lag)
    delay = (last - due).astype(np.float64)

    def at(level: float) -> Float64:
        return (day_when(found.curves, np.full(len(item), level)) - due).astype(np.float64)

    def before(level: float) -> float:
        return float((paid & (delay < at(level))).mean())

    def after(level: float) -> float:
        said = at(level)
        return float((delay > said)[paid | (delay > said)].mean())

    low, high = _nearest(_LOW, BELOW, before), _nearest(_HIGH, ABOVE, after)
    said = {
        "model": (at(low), at(0.5), at(high)),
        "due_date": due_date(study, item, day),
        "own_median": own_median(study, item, day, found.said),
    }
    duel = {name: figures(delay[paid], *(level[paid] for level in levels)) for name, levels in said.items()}
    return _Measured(found, low, high, duel, _reliability(study, item, day, found))


def _reliability(study: Study, item: Int64, day: Int32, found: Distributed) -> list[dict[str, float]]:
    """What P(late) said beside what came, of items that were not due yet on their day and whose due date has passed: of
    others only those paid early would be known."""
    due = study.items.due[item].astype(np.int32)
    some = (due >= day) & (due < study.day - study.lag)
    gone = ~study.items.paid[item] & (study.items.end[item] <= due)  # left without a payment: neither late nor not
    some &= ~gone
    late = left_at(found.curves, due)[some]
    return reliability(study.items.end[item[some]] > due[some], late).to_dicts()


def _nearest(levels: Float64, goal: float, share: Callable[[float], float]) -> float:
    missed = [abs(share(level) - goal) for level in levels]
    return float(levels[int(np.argmin(missed))])
