"""Figures of forecasts against their definitions, and a replay that judges only what can be judged."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.issue import CallError
from encours.core.behaviour import replay
from encours.core.behaviour.replay import FORECASTERS
from encours.core.behaviour.score import area_under_curve, calibration_error, figures, pinball
from tests.core.behaviour.books import day, habits


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_the_area_is_the_chance_of_being_ranked_right(rows: list[tuple[bool, int]]) -> None:
    yes, no = [score for happened, score in rows if happened], [score for happened, score in rows if not happened]
    right = [1.0 if one > other else 0.5 if one == other else 0.0 for one, other in product(yes, no)]
    found = area_under_curve(np.array([h for h, _ in rows]), np.array([s for _, s in rows], dtype=float))
    assert found == pytest.approx(sum(right) / len(right) if right else 0.5)


def test_figures_of_three_forecasts() -> None:
    delay = np.array([0.0, 5.0, -2.0])
    found = figures(delay, np.array([1.0, 0, -4]), np.array([2.0, 5, -1]), np.array([3.0, 4, 0]))
    assert (found["mae"], found["within_3"], found["width"]) == (1.0, 1.0, 10 / 3)
    assert (found["below"], found["above"], found["coverage"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert pinball(np.array([4.0]), np.array([0.0]), 0.9) == pytest.approx(3.6)
    assert pinball(np.array([-4.0]), np.array([0.0]), 0.9) == pytest.approx(0.4)


def test_what_is_said_beside_what_came() -> None:
    assert calibration_error(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.5, 0.5])) == 0
    assert calibration_error(np.array([True, True]), np.array([0.2, 0.2])) == pytest.approx(0.8)


def test_a_replay_stands_beside_the_due_date_and_the_own_median() -> None:
    book = habits({"A": (9, 1), "B": (0, 1), "C": (3, 2)}, 80, 300)
    found = replay(book, [day(180), day(200), day(290)], day(300))
    assert set(found.forecasts["day"]) == {day(180), day(200)}  # what came of the third is not known yet
    whole = found.figures.filter(found.figures["month"].is_null())
    errors = dict(zip(whole["forecaster"], whole["mae"], strict=True))
    assert set(errors) == set(FORECASTERS)
    assert errors["model"] <= errors["own_median"] * 1.02 < errors["due_date"]
    assert found.reliability()["count"].sum() > 0
    with pytest.raises(CallError, match="56 days"):
        replay(book, [day(290)], day(300))
