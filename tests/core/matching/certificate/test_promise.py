"""The promise itself: over many invented histories, how often a certificate is wrong. Seeds are fixed."""

from __future__ import annotations

import numpy as np
import pytest

from core.matching.certificate.worlds import Graded
from encours.core.matching.certificate.history import History
from encours.core.matching.certificate.learn_then_test import loosest, value_bound

DELTA = 0.05


def _history(confidence: np.ndarray, right: np.ndarray, amount: np.ndarray | None = None) -> History:
    order = np.argsort(-confidence)
    ones = np.ones(len(order))
    return History(confidence[order], ~right[order], (ones if amount is None else amount)[order], ones)


def _broken(world: Graded, target: float, count: int, runs: int, seed: int) -> tuple[float, float]:
    """The share of histories whose certificate promises what is not so, and of those that have a certificate."""
    rng = np.random.default_rng(seed)
    broken = certified = 0
    for _ in range(runs):
        found = loosest(_history(*world.draw(count, rng)), target, DELTA)
        certified += found.passes
        broken += found.passes and world.true_rate(found.threshold) > target
    return broken / runs, certified / runs


def _allowed(runs: int) -> float:
    """delta and two standard errors of so many runs."""
    return DELTA + 2 * (DELTA * (1 - DELTA) / runs) ** 0.5


@pytest.mark.parametrize("count", [400, 1_000, 3_000])
def test_at_worst_every_certificate_would_be_wrong(count: int) -> None:
    """Each receipt is wrong a hair more often than promised: whatever is certified is false."""
    broken, certified = _broken(Graded(0.010001, 0.010001, 1), 0.01, count, 400, seed=count)
    assert broken == certified <= _allowed(400)


def test_graded_confidences_are_certified_often_and_falsely_rarely() -> None:
    broken, certified = _broken(Graded(0.001, 0.3, 4), 0.01, 4_000, 300, seed=1)
    assert broken <= _allowed(300)
    assert certified >= 0.85


def test_confidences_that_mislead_are_found_out() -> None:
    """The surest are the worst: nothing near the top may pass."""
    broken, _ = _broken(Graded(0.05, 0.0, 1), 0.01, 3_000, 200, seed=2)
    assert broken <= _allowed(200)


def test_money_wrong_exceeds_its_bound_rarely() -> None:
    """Errors sit on the largest receipts, which pay most of the money and are few."""
    rng = np.random.default_rng(3)
    cap, large, runs = 1_000_000, 0.05, 300
    rate = {True: 0.04, False: 0.002}
    truth = (large * cap * rate[True] + (1 - large) * 20_000 * rate[False]) / (large * cap + (1 - large) * 20_000)
    exceeded = 0
    for _ in range(runs):
        big = rng.random(2_000) < large
        right = rng.random(2_000) >= np.where(big, rate[True], rate[False])
        amount = np.where(big, cap, 20_000).astype(float)
        exceeded += value_bound(_history(rng.random(2_000), right, amount), 2_000, cap, DELTA) < truth
    assert exceeded / runs <= _allowed(runs)
