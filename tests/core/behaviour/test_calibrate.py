"""The trial of a model: its range holds what it says, whatever the curves are; who is beaten does not forecast."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from encours.core.behaviour import distribute, learn, model_of
from encours.core.behaviour.calibrate import ABOVE, BELOW, MODEL, OWN_MEDIAN, USUAL, Trial, tried
from encours.core.behaviour.grid import Float64
from tests.core.behaviour.books import DAY, day, learnt, studied


def _with_hazards(monkeypatch: pytest.MonkeyPatch, change: Callable[[Float64], Float64]) -> Trial:
    real = distribute.hazards
    monkeypatch.setattr(distribute, "hazards", lambda *of: np.clip(change(real(*of)), 0.0, 0.98))
    return tried(studied())


def _tails(trial: Trial) -> tuple[float, float]:
    assert trial.used is not None
    return trial.used["below"], trial.used["above"]


def test_the_levels_follow_the_curves_so_that_the_tails_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = learnt().trial
    quick = _with_hazards(monkeypatch, lambda hazard: 1.3 * hazard)
    assert quick.basis == MODEL
    assert quick.high > usual.high + 0.05, "curves that end too early are read further out"
    assert (usual.low, usual.high) != USUAL != (quick.low, quick.high)
    assert _tails(quick)[1] == pytest.approx(ABOVE, abs=0.02)
    for trial in (usual, quick):
        below, above = _tails(trial)
        assert below == pytest.approx(BELOW, abs=0.05)
        assert above == pytest.approx(ABOVE, abs=0.05)


def test_a_model_that_loses_to_the_payers_own_medians_does_not_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learnt().basis == MODEL
    real = distribute.hazards
    monkeypatch.setattr(distribute, "hazards", lambda *of: 0.05 * real(*of))
    beaten = learn(studied())
    assert beaten.basis == OWN_MEDIAN
    assert beaten.learnt is None
    assert beaten.trial.duel["model"]["mae"] > beaten.trial.duel["own_median"]["mae"]
    assert beaten.trial.used != beaten.trial.duel["model"], "the range is that of the payers' own past"
    assert "no model beats" in beaten.sentence()


def test_what_was_said_of_late_payments_stands_beside_what_came() -> None:
    rows = learnt().trial.reliability
    assert sum(row["count"] for row in rows) > 100
    assert len(rows) > 3
    off = [abs(row["said"] - row["happened"]) * row["count"] for row in rows]
    assert sum(off) / sum(row["count"] for row in rows) < 0.1
    assert f"forecasts before {day(DAY)}" in learnt().sentence()
    assert [*model_of(learnt().as_text()).trial.reliability] == [*rows]
