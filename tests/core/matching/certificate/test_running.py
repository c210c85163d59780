"""The running test: against the slow reckoning, however the audits are cut, its false alarms and its power."""

from __future__ import annotations

import json
import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.certificate import oracle
from core.matching.certificate.worlds import DAY
from encours.core.matching.certificate import RunningTest, failed_strata, observe, observe_strata


def _audited(wrong: np.ndarray, chance: float | np.ndarray = 0.01, first: int = 0) -> pl.DataFrame:
    count = len(wrong)
    return pl.DataFrame(
        {
            "receipt_id": [f"r{first + place:07}" for place in range(count)],
            "day": [DAY + timedelta(days=(first + place) // 50) for place in range(count)],
            "stratum": ["amount_only"] * count,
            "right": ~np.asarray(wrong, dtype=bool),
            "chance": np.broadcast_to(np.asarray(chance, dtype=float), count),
        },
        schema_overrides={"receipt_id": pl.String, "day": pl.Date, "stratum": pl.String},
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([1.0, 0.5])), max_size=60), st.sampled_from([0.05, 0.3, 0.6]))
def test_the_capital_is_that_of_the_gamblers(rows: list[tuple[bool, float]], target: float) -> None:
    wrong, scale = np.array([row[0] for row in rows], dtype=bool), np.array([row[1] for row in rows])
    test = observe(RunningTest(target, 0.95, 0.01), _audited(wrong, 0.01 / scale))
    path = oracle.capital_path(wrong, scale, target)
    assert test.evidence == pytest.approx(path[-1] if path else 1, rel=1e-6)
    assert math.exp(test.peak) == pytest.approx(max([1.0, *path]), rel=1e-6)
    assert (test.audited, test.wrong) == (len(rows), int(wrong.sum()))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 99))
def test_days_apart_give_the_same_state_as_all_at_once(sizes: list[int], seed: int) -> None:
    wrong = np.random.default_rng(seed).random(50 * sum(sizes)) < 0.02
    once = observe(RunningTest(0.01, 0.95, 0.01), _audited(wrong))
    apart, first = RunningTest(0.01, 0.95, 0.01), 0
    for size in sizes:
        apart = observe(apart, _audited(wrong[first : first + 50 * size], first=first))
        apart = RunningTest.of_numbers(json.loads(json.dumps(apart.numbers())))
        first += 50 * size
    assert apart == once


def test_a_broken_stratum_alone_is_switched_off_and_stays_off() -> None:
    tests = {"amount_only": RunningTest(0.001, 0.95, 0.01), "quoted_exactly": RunningTest(0.001, 0.95, 0.01)}
    broken = observe_strata(tests, _audited(np.arange(400) % 100 == 0))
    assert failed_strata(broken) == {"amount_only"}
    good = observe_strata(broken, _audited(np.zeros(20_000), first=400))
    assert good["amount_only"].evidence < 20
    assert failed_strata(good) == {"amount_only"}


def test_a_chance_below_the_floor_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="floor"):
        observe(RunningTest(0.001, 0.95, 0.01), _audited(np.zeros(3), 0.001))


def test_what_is_not_judged_yet_changes_nothing() -> None:
    start = RunningTest(0.001, 0.95, 0.01)
    assert observe(start, _audited(np.zeros(9)).with_columns(right=pl.lit(None, dtype=pl.Boolean))) == start


def _share_failed(rate: float, audits: int, runs: int, seed: int, target: float = 0.01) -> float:
    rng = np.random.default_rng(seed)
    tests = (observe(RunningTest(target, 0.95, 0.01), _audited(rng.random(audits) < rate)) for _ in range(runs))
    return sum(test.failed for test in tests) / runs


def test_false_alarms_are_rarer_than_promised() -> None:
    """Looked at after each of 3,000 audits, at exactly the promised rate."""
    assert _share_failed(0.01, 3_000, 300, seed=5) <= 0.05 + 2 * (0.05 * 0.95 / 300) ** 0.5


def test_unequal_chances_raise_no_false_alarm_where_low_margins_are_worse() -> None:
    """Low margins, drawn twice as often, are wrong at 1.9 %, others at 0.1 %: 1 % of all posts, as promised."""
    rng = np.random.default_rng(11)
    failed = 0
    for _ in range(200):
        low = rng.random(3_000) < 2 / 3  # half of the posts, twice the chance
        wrong = rng.random(3_000) < np.where(low, 0.019, 0.001)
        failed += observe(RunningTest(0.01, 0.95, 0.01), _audited(wrong, np.where(low, 0.02, 0.01))).failed
    assert failed / 200 <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5


def test_a_doubled_error_rate_is_found() -> None:
    """As many audits as 20 promised errors take: a bet that knew the rate would need about 8 of them on average."""
    assert _share_failed(0.02, 2_000, 60, seed=6) >= 0.75
    assert _share_failed(0.10, 200, 60, seed=7) >= 0.95


def test_a_break_after_good_years_is_found_almost_as_soon() -> None:
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(30):
        wrong = np.concatenate([rng.random(10_000) < 0.003, rng.random(1_500) < 0.05])
        found += observe(RunningTest(0.01, 0.95, 0.01), _audited(wrong)).failed
    assert found >= 27
