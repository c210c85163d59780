"""What lies beyond the grid: every item has a distribution, however old it is."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from encours.core.behaviour.curves import Curves, day_when, left_at
from encours.core.behaviour.grid import END
from encours.core.behaviour.predict import predict
from encours.core.behaviour.study import study
from encours.core.behaviour.tails import HORIZON, extended, long_standing_hazard
from tests.core.behaviour.books import day as day_of
from tests.core.behaviour.books import habits

_DAY = 1_000


def _curve(begin: list[int], length: list[int], left: list[float]) -> Curves:
    first = np.array([0, len(begin)], dtype=np.int64)
    return Curves(first, np.array(begin, np.int32), np.array(length, np.int32), np.array(left))


def test_an_item_whose_grid_is_long_enough_stays_as_it_is() -> None:
    of = _curve([_DAY + 1], [END], [0.25])
    assert extended(of, np.array([_DAY], np.int32), np.array([_DAY], np.int32), 0.01) is of


@pytest.mark.parametrize("late", [END - 100, END - 1, END, END + 500])
def test_every_item_reaches_over_the_horizon_and_keeps_what_it_had(late: int) -> None:
    rest = max(0, END - late - 1)
    of = _curve([_DAY + 1] * bool(rest), [rest] * bool(rest), [0.5] * bool(rest))
    due = np.array([_DAY - late], np.int32)
    found = extended(of, due, np.array([_DAY], np.int32), 0.01)
    last = found.begin[-1] + found.length[-1] - 1
    assert last >= _DAY + HORIZON
    assert np.array_equal(found.begin[1:], (found.begin + found.length)[:-1])
    assert found.begin[0] == _DAY + 1
    for ahead in (10, 120, 300):
        day = np.array([_DAY + ahead], np.int32)
        beyond = max(0, ahead - rest)
        if beyond == 0:
            assert left_at(found, day)[0] == left_at(of, day)[0]
        else:  # evenly inside a row, so near the geometric course only
            assert left_at(found, day)[0] == pytest.approx((0.5 if rest else 1.0) * 0.99**beyond, rel=0.08)
    assert day_when(found, np.array([0.05]))[0] > _DAY


def test_a_book_that_never_saw_a_long_standing_item_expects_one_in_two_years() -> None:
    of = study(habits({"prompt": (0, 2)}, 60, 240), day_of(240))
    assert long_standing_hazard(of.items, of.day) == pytest.approx(1 / 730)


def test_an_item_that_has_been_open_for_years_is_not_expected_in_the_past() -> None:
    young = habits({"prompt": (0, 2), "late": (20, 6)}, 60, 240)
    day = day_of(240)
    issued = day - timedelta(days=900)
    row = young.items.head(1).with_columns(
        item_id=pl.lit("old"), issued_on=pl.lit(issued), due_on=pl.lit(issued + timedelta(days=30)),
        posted_on=pl.lit(issued), known_on=pl.lit(issued),
    )  # fmt: skip
    found = predict(young.replace(items=pl.concat([young.items, row])), day).items.filter(item_id="old")
    said = found.row(0, named=True)
    assert day < said["p10_on"] <= said["p50_on"] <= said["p90_on"]
    assert said["p50_on"] > day + timedelta(days=30)
    assert said["p_unpaid_90"] == 1.0
