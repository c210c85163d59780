"""A kept model is learnt anew when payers have changed, when much is new, and not otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from encours.core.behaviour import learn, study
from encours.core.behaviour.drift import drift
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
