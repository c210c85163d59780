"""Certificates: what certifies and what only teaches, against the slow reckoning, and at the edges."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.certificate import oracle
from core.matching.certificate.worlds import all_right, judged
from encours.core.base.issue import CallError
from encours.core.matching.certificate import POOLED, STRATA, Certificate, budgets, certify, curve
from encours.core.matching.certificate.learn_then_test import sequences


@pytest.mark.parametrize(("target", "sample"), [(0.01, 299), (0.005, 598), (0.001, 2_995)])
def test_the_published_histories_just_suffice(target: float, sample: int) -> None:
    row = certify(all_right(sample), target).row()
    assert (row["certified"], row["tests"], row["sample"], row["coverage"]) == (True, 1, sample, 1.0)
    assert row["bound"] <= target
    short = certify(all_right(sample - 1), target).row()
    assert (short["certified"], short["threshold"]) == (False, None)
    assert f"takes {sample:,} without an error" in short["says"]


def test_too_little_history_names_the_strictest_budget_it_supports() -> None:
    row = certify(all_right(700), 0.001).row()
    assert row["supports"] == 0.005
    assert row["says"] == (
        "700 receipts judged by a person: 1 in 1,000 takes 2,995 without an error; this history supports 1 in 200"
    )
    assert certify(all_right(10), 0.001).row()["says"].endswith("this history supports no budget yet")


def test_letters_teach_and_do_not_certify() -> None:
    history = all_right(6_000).with_columns(
        source=pl.when(pl.int_range(pl.len()) < 3_100).then(pl.lit("letter")).otherwise("source")
    )
    row = certify(history, 0.001).row()
    assert (row["judged"], row["letters"], row["certified"]) == (2_900, 3_100, False)


def test_the_last_judgement_of_a_receipt_counts() -> None:
    rows = all_right(3)
    again = rows.head(1).with_columns(day=pl.lit(date(2026, 5, 1)), right=pl.lit(False))
    row = certify(pl.concat([again, rows]), 0.1).row()
    assert (row["judged"], row["errors"], row["last_on"]) == (3, 1, date(2026, 5, 1))


def test_unjudged_rows_and_unknown_confidences_are_left_out() -> None:
    rows = all_right(4).with_columns(
        right=pl.Series([True, None, True, True]), confidence=pl.Series([0.9, 0.9, None, float("nan")])
    )
    assert certify(rows, 0.1).row()["judged"] == 1


def test_an_error_in_the_tail_does_not_cost_the_surest() -> None:
    confidence = np.linspace(0.6, 0.999, 8_000)
    row = certify(judged(confidence, confidence > 0.65), 0.001).row()
    assert row["certified"]
    assert 0.65 < row["threshold"] < 0.72
    assert row["errors"] == 0
    kept = confidence[confidence >= row["threshold"]]
    assert len(kept) == row["sample"]
    assert row["coverage"] == pytest.approx(len(kept) / 8_000)


def test_money_is_bounded_under_a_limit_only() -> None:
    amount = np.where(np.arange(20_000) % 2, 100_000, 20_000)
    history = judged(np.linspace(0.6, 0.999, 20_000), np.ones(20_000), amount=amount)
    assert certify(history, 0.001).row()["value_bound"] is None
    row = certify(history, 0.001, value_cap=100_000).row()
    # 12,000 receipts' worth of the limit, at delta/5, and at most half of the capital on a wrong bet.
    assert np.log(5 / 0.05) / 12_000 < row["value_bound"] < np.log(2 * 5 / 0.05) / 12_000
    less = certify(history, 0.001, value_cap=50_000).row()
    assert (less["judged"], less["value"]) == (10_000, 20_000 * less["sample"])


def test_rows_drawn_with_unequal_chances_weigh_what_they_stand_for() -> None:
    rows = all_right(6_000)
    half = rows.with_columns(chance=pl.when(pl.int_range(pl.len()) < 3_000).then(1.0).otherwise(0.1))
    row = certify(half, 0.01).row()
    assert row["certified"]
    assert row["bound"] > certify(rows, 0.01).row()["bound"]
    assert certify(rows.with_columns(chance=0.1), 0.01).row()["bound"] == certify(rows, 0.01).row()["bound"]


def test_a_certificate_survives_json() -> None:
    made = certify(all_right(700), 0.005, value_cap=20_000)
    read = Certificate.of_record(json.loads(json.dumps(made.record())))
    assert read.rows.equals(made.rows)
    assert (read.target, read.confidence, read.value_cap) == (0.005, 0.95, 20_000)


def test_no_history_at_all() -> None:
    certificate = certify(all_right(0), 0.001)
    assert certificate.rows["stratum"].to_list() == [POOLED, *STRATA]
    assert certificate.rows.select("judged", "sample", "errors").sum().row(0) == (0, 0, 0)
    assert not certificate.rows["certified"].any()
    assert certificate.rows["bound"].unique().to_list() == [1.0]
    assert certificate.row("another kind")["certified"] is False
    assert curve(all_right(0)).is_empty()


def test_an_empty_stratum_stands_beside_a_full_one() -> None:
    certificate = certify(all_right(3_000), 0.001)
    assert [certificate.threshold(name) is not None for name in (POOLED, *STRATA)] == [True, False, False, True]


def test_all_wrong_certifies_nothing() -> None:
    row = certify(judged(np.linspace(0.5, 1, 5_000), np.zeros(5_000)), 0.1).row()
    assert (row["certified"], row["bound"], row["supports"]) == (False, 1.0, None)
    assert "5,000 errors found" in row["says"]


def test_tied_confidences_post_together_or_not_at_all() -> None:
    tied = certify(judged(np.full(8_000, 0.9), np.ones(8_000)), 0.001).row()
    assert (tied["certified"], tied["sample"], tied["threshold"]) == (True, 8_000, 0.0)
    two = np.where(np.arange(10_000) < 7_000, 0.99, 0.8)
    row = certify(judged(two, (two > 0.9) | (np.arange(10_000) % 5 > 0)), 0.001).row()
    assert (row["certified"], row["sample"]) == (True, 7_000)
    assert 0.8 < row["threshold"] < 0.99


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1])
def test_a_target_outside_its_range_is_a_wrong_call(target: float) -> None:
    with pytest.raises(CallError):
        certify(all_right(3), target)


@pytest.mark.parametrize("sample", [0, 1, 299, 3_687, 3_688, 7_000, 13_810, 100_000])
def test_few_starts_where_history_is_small_and_each_ends_with_everything(sample: int) -> None:
    ways = sequences(sample, 0.001, 0.05)
    assert len(ways) == {7_000: 5, 3_688: 2, 13_810: 5, 100_000: 5}.get(sample, 1)
    for counts in ways:
        assert counts == sorted(counts)
        assert counts[-1] == sample
    assert [way[0] for way in ways] == sorted(way[0] for way in ways)


rows = st.lists(
    st.tuples(st.sampled_from([0.6, 0.7, 0.8, 0.9, 0.95, 0.99]), st.booleans() | st.just(True)), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from([Fraction(1, 4), Fraction(1, 10)]))
def test_the_loosest_that_passes_is_that_of_the_oracle(history: list[tuple[float, bool]], target: Fraction) -> None:
    confidence, right = [row[0] for row in history], [row[1] for row in history]
    row = certify(judged(np.array(confidence), np.array(right)), float(target)).row()
    ways = sequences(len(history), float(target), 0.05)
    places = oracle.loosest(confidence, right, ways, target, Fraction(1, 20))
    assert row["certified"] == (places is not None)
    if places is not None:
        assert places == {place for place, value in enumerate(confidence) if value >= row["threshold"]}
        assert row["errors"] == sum(not right[place] for place in places)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(300, 3_000))
def test_a_wider_budget_or_one_error_less_never_covers_less(seed: int, count: int) -> None:
    """For the same thresholds: another budget may bring other starts, so coverage is compared at their distance."""
    rng = np.random.default_rng(seed)
    confidence, right = rng.random(count), rng.random(count) > 0.004
    strict, wide = (certify(judged(confidence, right), target).row() for target in (0.02, 0.05))
    step = 1 / max(strict["tests"], wide["tests"])
    if strict["certified"]:
        assert wide["certified"]
        assert wide["coverage"] >= strict["coverage"] - step
    mended = right.copy()
    mended[np.flatnonzero(~right)[:1]] = True
    better = certify(judged(confidence, mended), 0.02).row()
    assert (better["certified"], better["sample"]) >= (
        strict["certified"],
        strict["sample"] if strict["certified"] else 0,
    )


def test_budgets_are_a_row_a_stratum_and_budget() -> None:
    found = budgets(all_right(700)).filter(stratum=POOLED)
    assert found["budget"].to_list() == ["1 in 1,000", "1 in 500", "1 in 200", "1 in 100"]
    assert found["certified"].to_list() == [False, False, True, True]
    assert found["needed"].to_list() == [2_995, 1_497, 598, 299]
    assert found["missing"].to_list() == [2_295, 797, 0, 0]
    assert found["coverage"].to_list()[:2] == [0, 0]
    assert budgets(all_right(3), targets=()).is_empty()


def test_the_curve_falls_from_the_surest_to_all() -> None:
    confidence = np.linspace(0.5, 1, 1_000)
    found = curve(judged(confidence, confidence > 0.6)).filter(stratum=POOLED)
    assert found["coverage"].is_sorted()
    assert found["precision"].to_list()[-1] == pytest.approx(0.8)
    assert (found["precision_low"] <= found["precision"]).all()
