"""The mix: quiet while nothing moves, awake when a channel, a kind of match or confidence moves."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from core.matching.certificate.worlds import DAY
from encours.core.matching.certificate import STRATA, Drift, observe_mix, watch
from encours.core.matching.certificate.drift import DIMENSIONS, log_evidence_of_two


def _mix(
    count: int, seed: int, channels: tuple[float, ...] = (0.6, 0.3, 0.1), first: int = 0, low: float = 0.2
) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    names = ["camt", "cfonb", "cheque", "payout"][: len(channels)]
    return pl.DataFrame(
        {
            "receipt_id": [f"r{first + place:07}" for place in range(count)],
            "day": [DAY + timedelta(days=(first + place) // 100) for place in range(count)],
            "stratum": rng.choice(STRATA, count, p=[0.6, 0.2, 0.2]),
            "channel": rng.choice(names, count, p=channels),
            "confidence": np.where(rng.random(count) < low, 0.8, 0.99995),
        }
    )


def test_nothing_moves_and_nothing_is_asked() -> None:
    asked = [observe_mix(watch(_mix(2_000, seed)), _mix(2_000, 1_000 + seed, first=2_000)).asks for seed in range(60)]
    assert asked.count(None) >= 57


def test_false_alarms_without_a_tolerance() -> None:
    asked = [observe_mix(watch(_mix(1_000, seed), tolerance=0.0), _mix(2_000, 500 + seed)).asks for seed in range(100)]
    assert 100 - asked.count(None) <= 5 + 2 * (100 * 0.05 * 0.95) ** 0.5


def test_another_channel_asks_for_a_new_certificate() -> None:
    state = observe_mix(watch(_mix(3_000, 1)), _mix(500, 2, channels=(0.3, 0.3, 0.1, 0.3)))
    assert state.asks is not None
    assert state.asks.startswith("the mix of receipts has moved: channel")
    later = observe_mix(state, _mix(5_000, 3, first=500))
    assert later.asks == state.asks


def test_falling_confidence_asks_for_a_new_certificate() -> None:
    asks = observe_mix(watch(_mix(3_000, 1)), _mix(500, 2, low=0.5)).asks
    assert asks is not None
    assert "confidence from 0.9999 on was 8" in asks


def test_a_small_move_of_a_large_book_is_within_tolerance() -> None:
    wide = watch(_mix(50_000, 1), block=20_000)
    assert observe_mix(wide, _mix(20_000, 2, channels=(0.64, 0.27, 0.09))).asks is None
    narrow = watch(_mix(50_000, 1), tolerance=0.01, block=20_000)
    assert observe_mix(narrow, _mix(20_000, 2, channels=(0.64, 0.27, 0.09))).asks is not None


def test_days_apart_give_the_same_state_as_all_at_once() -> None:
    start, rows = watch(_mix(1_000, 1)), _mix(1_700, 2, channels=(0.5, 0.3, 0.1, 0.1))
    apart = start
    for first in range(0, 1_700, 100):
        apart = Drift.of_numbers(json.loads(json.dumps(observe_mix(apart, rows.slice(first, 100)).numbers())))
    once = observe_mix(start, rows)
    assert (apart.blocks, apart.seen) == (3, 200)
    assert apart == once


def test_nothing_to_compare_with_asks() -> None:
    assert observe_mix(watch(_mix(0, 1)), _mix(499, 2)).asks is None
    assert "holds no receipts" in str(observe_mix(watch(_mix(0, 1)), _mix(500, 2)).asks)


def test_unknown_channels_and_confidences_are_a_kind() -> None:
    rows = _mix(600, 1).with_columns(channel=pl.lit(None, dtype=pl.String), confidence=pl.lit(None, dtype=pl.Float64))
    assert watch(rows).reference["channel"] == watch(rows).reference["confidence"] == {"none": 600}
    assert set(watch(rows).reference) == set(DIMENSIONS)


@pytest.mark.parametrize("counts", [((50, 50), (50, 50)), ((0, 100), (0, 100)), ((0, 0), (5, 5))])
def test_equal_mixes_have_no_evidence(counts: tuple[tuple[int, int], tuple[int, int]]) -> None:
    assert log_evidence_of_two(*(np.array(side, dtype=float) for side in counts)) < 0
