"""A payer's own hazards against a slow count, its run days, and nothing of what came later."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from encours.core.behaviour.grid import CELL_OF, CELLS, FIRST, STARTS
from encours.core.behaviour.own import SAID, _month_day, own, pool
from encours.core.behaviour.panel import day_number, panel
from encours.core.behaviour.study import study
from tests.core.behaviour.books import day, habits

_BOOK = habits({"A": (4, 2), "B": (-3, 1), "C": (12, 9)}, 60, 240)


def test_the_grid_has_each_day_in_one_cell() -> None:
    assert len(CELL_OF) == STARTS[-1] - FIRST
    assert all(STARTS[cell] <= FIRST + n < STARTS[cell + 1] for n, cell in enumerate(CELL_OF))
    assert CELL_OF.max() + 1 == CELLS


def test_the_books_hazard_is_the_share_paid_of_those_unpaid() -> None:
    of = study(_BOOK, day(240))
    items = of.items
    made = pool(items, of.day, of.day, 0)
    for late in (-3, 0, 4, 12):
        cell = CELL_OF[late - FIRST]
        end = np.minimum(items.end, of.day)
        at_risk = (items.seen - items.due <= late) & (end - items.due >= late)
        paid = at_risk & (items.end - items.due == late)
        whole = (paid.sum() + 0.05) / (at_risk.sum() + 1)
        assert made.hazard[0, 0, cell] == pytest.approx(whole, abs=0.02)


def test_a_payers_figures_are_those_of_its_last_payments() -> None:
    of = study(_BOOK, day(240))
    for payer in range(3):
        places = np.flatnonzero((of.items.payer == payer) & (of.items.told <= of.day))
        last = places[np.argsort(of.items.end[places], kind="stable")][-50:]
        delays = (of.items.end - of.items.due)[last]
        said = own(of.items, of.pool, np.array([payer], dtype=np.int32), np.array([of.day], dtype=np.int32)).said[0]
        assert said[SAID.index("payments")] == len(places)
        assert said[SAID.index("median")] == pytest.approx(np.median(delays))
        assert said[SAID.index("p90")] == pytest.approx(np.quantile(delays, 0.9), abs=1e-4)


def test_on_an_earlier_day_a_payer_is_read_as_it_was_known_then() -> None:
    late, early = study(_BOOK, day(240)), study(_BOOK, day(150))
    for payer in range(3):
        at = np.array([payer], dtype=np.int32), np.array([day_number(day(150))], dtype=np.int32)
        then, now = own(early.items, early.pool, *at), own(late.items, late.pool, *at)
        assert np.array_equal(then.said, now.said, equal_nan=True)
        assert np.array_equal(then.hazard, now.hazard)


def test_days_of_the_month() -> None:
    for n in range(0, 30_000, 17):
        assert _month_day.py_func(n) + 1 == (date(1970, 1, 1) + timedelta(days=n)).day


def test_a_panel_lies_by_payer_and_day_whatever_the_order_of_the_file() -> None:
    of = study(_BOOK, day(240)).history
    one, other = panel(of), panel(of.sample(fraction=1.0, shuffle=True, seed=3))
    for name in ("payer", "seen", "due", "end", "told", "log_amount"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
