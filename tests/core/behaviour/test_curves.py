"""The arithmetic of distributions against a slow reckoning in fractions, and what must hold of any of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.behaviour.curves import (
    Curves,
    curves,
    day_when,
    left_at,
    mean_day,
    paid_between,
    postponed,
    still_open,
)
from tests.core.behaviour import oracle

_TODAY = 100


@st.composite
def cases(draw: Any) -> list[tuple[list[int], list[Fraction]]]:
    """Some items: the lengths of their cells, and the hazards in hundredths."""
    many = draw(st.integers(1, 4))
    sizes = [draw(st.integers(1, 6)) for _ in range(many)]
    return [
        (
            draw(st.lists(st.sampled_from([1, 1, 1, 7, 30]), min_size=size, max_size=size)),
            draw(st.lists(st.integers(0, 99).map(lambda n: Fraction(n, 100)), min_size=size, max_size=size)),
        )
        for size in sizes
    ]


def laid(case: list[tuple[list[int], list[Fraction]]]) -> tuple[Curves, list[dict[int, Fraction]]]:
    """The curves of the items, and what the oracle says of them; all begin on the day after _TODAY."""
    first, begin, length, hazard, chances = [0], [], [], [], []
    for days, risks in case:
        starts = [_TODAY + 1 + sum(days[:n]) for n in range(len(days))]
        chances.append(oracle.daily(starts, days, risks))
        begin += starts
        length += days
        hazard += [float(risk) for risk in risks]
        first.append(len(begin))
    made = curves(
        np.array(first, dtype=np.int64),
        np.array(begin, dtype=np.int32),
        np.array(length, dtype=np.int32),
        np.array(hazard),
    )
    return made, chances


def days_of(value: int, count: int) -> np.ndarray[Any, Any]:
    """The same day for each item."""
    return np.full(count, value, dtype=np.int32)


@given(cases(), st.integers(0, 80))
def test_unpaid_at_the_end_of_any_day(case: list[Any], ahead: int) -> None:
    made, chances = laid(case)
    found = left_at(made, days_of(_TODAY + ahead, len(case)))
    assert found == pytest.approx([float(oracle.unpaid(chance, _TODAY + ahead)) for chance in chances])


@given(cases(), st.integers(0, 40), st.integers(0, 60))
def test_conditioning_on_still_open_is_exact(case: list[Any], passed: int, ahead: int) -> None:
    made, chances = laid(case)
    count, then, day = len(case), _TODAY + passed, _TODAY + passed + ahead
    found = left_at(still_open(made, days_of(then, count)), days_of(day, count))
    for item, chance in enumerate(chances):
        if oracle.unpaid(chance, then) > 0:
            assert found[item] == pytest.approx(float(oracle.unpaid(oracle.given_open(chance, then), day)))


@given(cases(), st.integers(1, 99))
def test_quantiles_are_the_first_day_by_which_enough_is_paid(case: list[Any], percent: int) -> None:
    made, chances = laid(case)
    share = Fraction(2 * percent + 1, 200)  # off the hundredths: no tie for rounding to decide
    found = day_when(made, np.full(len(case), float(share)))
    for item, (chance, (days, _)) in enumerate(zip(chances, case, strict=True)):
        expected = oracle.first_day(chance, share, _TODAY + 1 + sum(days))
        if abs(float(oracle.unpaid(chance, expected) - (1 - share))) > 1e-9:
            assert found[item] == expected


@given(cases())
def test_the_mean_and_the_weeks_are_of_the_same_distribution(case: list[Any]) -> None:
    made, chances = laid(case)
    ends = [_TODAY + 1 + sum(days) for days, _ in case]
    means = [
        sum(on * share for on, share in chance.items()) + end * oracle.unpaid(chance, end)
        for chance, end in zip(chances, ends, strict=True)
    ]
    assert mean_day(made) == pytest.approx([float(mean) for mean in means])
    weeks = paid_between(made, _TODAY + 1, 7, 4)
    for item, chance in enumerate(chances):
        for week in range(4):
            inside = range(_TODAY + 1 + 7 * week, _TODAY + 8 + 7 * week)
            assert weeks[item, week] == pytest.approx(float(sum(chance.get(on, Fraction(0)) for on in inside)))


@given(cases(), st.integers(0, 30), st.integers(0, 100))
def test_a_known_date_takes_its_share_and_leaves_the_rest_to_the_habit(case: list[Any], until: int, kept: int) -> None:
    made, chances = laid(case)
    count = len(case)
    early, late = _TODAY + 2, _TODAY + 4
    moved = postponed(
        made, days_of(_TODAY + until, count), np.full(count, kept / 100), days_of(early, count), days_of(late, count)
    )
    day = _TODAY + 60
    found = left_at(moved, days_of(day, count))
    for item, (chance, (days, _)) in enumerate(zip(chances, case, strict=True)):
        if oracle.unpaid(chance, _TODAY + until) > 0 and sum(days) >= 60:
            rest = oracle.unpaid(oracle.given_open(chance, _TODAY + until), day)
            assert found[item] == pytest.approx((1 - kept / 100) * float(rest))
    assert (np.diff(moved.left)[np.diff(moved.begin) > 0] <= 1e-12).all() or count > 1


def test_nothing_is_moved_by_a_rule_that_finds_nothing() -> None:
    made, _ = laid([([1, 7, 1], [Fraction(1, 5)] * 3)])
    day = days_of(_TODAY, 1)
    assert postponed(made, day, np.zeros(1), day, day).left == pytest.approx(made.left)


def test_a_hazard_is_a_chance() -> None:
    one = np.array([0, 1], dtype=np.int64), np.array([5], dtype=np.int32), np.array([1], dtype=np.int32)
    with pytest.raises(AssertionError):
        curves(*one, np.array([1.2]))
