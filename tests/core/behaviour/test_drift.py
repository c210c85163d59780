"""A kept model is learnt anew when payers have changed, when much is new, and not otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from encours.core.behaviour import drift as drifting
from encours.core.behaviour import learn, study
from encours.core.behaviour.baselines import Baseline
from encours.core.behaviour.drift import drift
from encours.core.behaviour.grid import Float32, Int32, Int64
from encours.core.behaviour.study import Study
from tests.core.behaviour.books import day, habits

_HABITS = {f"C{n}": (float(n % 5), 1.0) for n in range(14)}
_BOOK = habits(_HABITS, 130, 420)


def test_a_model_of_yesterday_holds() -> None:
    model = learn(study(_BOOK, day(400)))
    found = drift(study(_BOOK, day(407)), model)
    assert (found.reason, found.refit) == ("none", False)
    assert abs(found.came - found.foreseen) < 0.2 * found.foreseen


def test_payers_who_all_pay_later_are_noticed() -> None:
    model = learn(study(_BOOK, day(370)))
    later = pl.col("allocated_on") > day(372)
    moved = _BOOK.allocations.with_columns(
        allocated_on=pl.when(later).then(pl.col("allocated_on") + timedelta(days=14)).otherwise("allocated_on")
    )
    found = drift(study(_BOOK.replace(allocations=moved), day(402)), model)
    assert (found.reason, found.refit) == ("moved", True)
    assert found.deviations < -4


def test_a_model_that_has_seen_little_of_what_is_known_is_learnt_anew() -> None:
    model = learn(study(_BOOK, day(330)))
    assert drift(study(_BOOK, day(400)), model).reason in ("grown", "moved")
    few = replace(model, payments=10**6)
    assert drift(study(_BOOK, day(400)), few).reason in ("none", "moved")


def test_what_was_said_since_is_set_beside_what_came() -> None:
    model = learn(study(_BOOK, day(360)))
    held = drift(study(_BOOK, day(400)), model)
    assert held.judged > 150
    assert 0 <= held.below < 0.2 > held.above >= 0
    assert held.error < held.own_error * 1.05
    assert drift(study(_BOOK, day(360)), model).judged == 0, "nothing was said before"
    later = replace(model, trial=model.trial._replace(low=0.93, high=0.95))
    narrow = drift(study(_BOOK, day(400)), later)
    assert max(narrow.below, narrow.above) > 0.2
    assert narrow.reason == "range"
    assert drift(study(_BOOK, day(380)), replace(later, payments=10**6)).reason == "none", "too early to say"


def test_a_model_that_the_payers_own_medians_beat_is_learnt_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(learn(study(_BOOK, day(360))), payments=10**6)
    real = drifting.own_median
    truth = study(_BOOK, day(400))

    def knows(of: Study, item: Int64, at: Int32, said: Float32) -> Baseline:
        known = (np.minimum(truth.items.end, truth.day) - truth.items.due)[item].astype(float)
        return real(of, item, at, said)._replace(p50=known)

    assert drift(truth, model).reason == "none"
    monkeypatch.setattr(drifting, "own_median", knows)
    assert drift(truth, model).reason == "beaten"
