"""Bounds: the published figures, exact fractions, and what must grow with what."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.certificate import oracle
from encours.core.matching.certificate.betting import log_evidence, upper_share
from encours.core.matching.certificate.bounds import binomial_tail, needed, strictest, upper_bound


@pytest.mark.parametrize(
    ("target", "delta", "errors", "sample"),
    [
        *((0.001, 0.05, *pair) for pair in [(0, 2_995), (1, 4_742), (2, 6_294), (5, 10_511), (20, 29_058)]),
        *((0.001, 0.05 / 50, *pair) for pair in [(0, 6_905), (1, 9_230), (2, 11_225), (5, 16_450), (20, 38_033)]),
        *((0.005, 0.05, *pair) for pair in [(0, 598), (1, 947), (2, 1_258)]),
        (0.01, 0.05, 0, 299),
    ],
)
def test_the_published_sample_sizes(target: float, delta: float, errors: int, sample: int) -> None:
    assert needed(target, delta, errors) == sample
    assert upper_bound(errors, sample, delta) <= target < upper_bound(errors, sample - 1, delta)


@given(
    st.integers(0, 12), st.integers(0, 80), st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)
)
def test_tails_are_those_of_fractions(errors: int, sample: int, rate: Fraction) -> None:
    assert binomial_tail(errors, sample, float(rate)) == pytest.approx(
        float(oracle.tail(errors, sample, rate)), rel=1e-9
    )


@settings(max_examples=30)
@given(st.integers(0, 10), st.integers(1, 60), st.sampled_from([0.05, 0.01, 0.001]))
def test_the_bound_is_where_the_exact_tail_falls_to_delta(errors: int, sample: int, delta: float) -> None:
    bound = upper_bound(errors, sample, delta)
    if errors >= sample:
        assert bound == 1
        return
    # A hair above it the errors are rarer than delta, a hair below they are not.
    assert oracle.tail(errors, sample, Fraction(min(1.0, bound * (1 + 1e-9)))) <= delta
    assert oracle.tail(errors, sample, Fraction(bound * (1 - 1e-9))) >= delta


@given(st.integers(0, 200), st.integers(1, 5_000), st.floats(0.001, 0.2))
def test_bounds_grow_with_errors_and_fall_with_sample_and_delta(errors: int, sample: int, delta: float) -> None:
    bound = upper_bound(errors, sample, delta)
    assert bound <= upper_bound(errors + 1, sample, delta)
    assert bound >= upper_bound(errors, sample + 100, delta)
    assert bound <= upper_bound(errors, sample, delta / 10)
    assert errors >= sample or bound > errors / sample


def test_a_large_sample_neither_under_nor_overflows() -> None:
    assert upper_bound(50_000, 1_000_000, 0.05) == pytest.approx(0.05 + 1.645 * (0.05 * 0.95 / 1e6) ** 0.5, rel=1e-3)
    assert (binomial_tail(-1, 5, 0.5), binomial_tail(0, 5, 1.0), binomial_tail(0, 5, 0.0)) == (0, 0, 1)


@pytest.mark.parametrize(
    ("sample", "budget"), [(2_995, 0.001), (2_994, 0.002), (598, 0.005), (299, 0.01), (298, 0.02), (5, None)]
)
def test_the_strictest_budget(sample: int, budget: float | None) -> None:
    assert strictest(sample, 0.05) == budget


def test_equal_weights_need_hardly_more_than_the_binomial_without_an_error() -> None:
    """Half of the capital is on the bet that is best then: ln 2 more evidence is needed, no more."""
    even = np.ones(3_690)
    assert upper_bound(0, 3_690, 0.05) < upper_share(even, even > 1, 0.05) < upper_bound(0, 3_690, 0.025)


sizes = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=25)


@given(sizes, st.floats(0.01, 1))
def test_evidence_is_the_mean_of_the_gamblers(rows: list[tuple[float, bool]], target: float) -> None:
    size, wrong = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    assert np.exp(log_evidence(size, wrong, target)) == pytest.approx(oracle.evidence(size, wrong, target), rel=1e-9)


@given(sizes, st.floats(0.001, 0.2))
def test_the_share_of_money_is_bounded_by_one_and_grows_with_errors(
    rows: list[tuple[float, bool]], delta: float
) -> None:
    size, wrong = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    bound = upper_share(size, wrong, delta)
    assert 0 < bound <= 1
    assert bound <= upper_share(size, np.ones_like(wrong), delta) == 1
    assert bound >= upper_share(size, np.zeros_like(wrong), delta)
