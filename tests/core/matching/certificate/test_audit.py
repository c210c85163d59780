"""The audit: drawn again it is the same, its share is as asked, and it estimates without bias."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from encours.core.matching.certificate import draw, estimated


def _posts(count: int, via: str = "certificate") -> pl.DataFrame:
    """Every second post stands near the threshold 0.9."""
    return pl.DataFrame(
        {
            "receipt_id": [f"E:r{place}" for place in range(count)],
            "confidence": np.where(np.arange(count) % 2, 0.92, 0.999),
            "threshold": np.full(count, 0.9),
            "via": [via] * count,
            "amount": np.arange(count) % 7 * 1_000 + 1_000,
        },
        schema_overrides={"receipt_id": pl.String, "via": pl.String},
    )


def test_the_same_seed_draws_the_same_whatever_stands_beside() -> None:
    posts = _posts(3_000)
    drawn = draw(posts, "2026")
    again = draw(posts.sample(fraction=1, shuffle=True, seed=1).head(1_000), "2026")
    both = again.join(drawn, on="receipt_id", suffix="_before")
    assert both.height == 1_000
    assert (both["audit"] == both["audit_before"]).all()
    assert (draw(posts, "2027")["audit"] != drawn["audit"]).any()


def test_low_margins_are_drawn_twice_as_often_and_the_whole_within_one_and_two_percent() -> None:
    drawn = draw(_posts(40_000), "seed")
    assert drawn["chance"].to_list()[:2] == [0.01, 0.02]
    assert 0.012 < drawn["audit"].mean() < 0.018


def test_a_proof_has_no_margin_and_the_prior_is_audited_at_ten_percent() -> None:
    proof = draw(_posts(2, "proof").with_columns(threshold=pl.lit(None, dtype=pl.Float64)), "seed")
    assert proof["chance"].to_list() == [0.01, 0.01]
    assert draw(_posts(2, "prior"), "seed")["chance"].to_list() == [0.1, 0.2]
    assert draw(_posts(2), "seed", rate=0.7)["chance"].to_list() == [0.7, 1.0]
    assert draw(_posts(0), "seed").columns[-2:] == ["chance", "audit"]


def test_the_estimate_is_unbiased_though_errors_sit_at_low_margins() -> None:
    posts = _posts(4_000).with_columns(right=pl.int_range(pl.len()) % 20 != 1)
    rates, values = [], []
    for seed in range(200):
        audited = draw(posts, str(seed), rate=0.05).filter("audit")
        found = estimated(audited, posts.height, posts["amount"].sum())
        rates.append(found["error_rate"])
        values.append(found["value_rate"])
    wrong = posts.filter(~pl.col("right"))["amount"].sum() / posts["amount"].sum()
    assert np.mean(rates) == pytest.approx(0.05, abs=3 * np.std(rates) / 200**0.5)
    assert np.mean(values) == pytest.approx(wrong, abs=3 * np.std(values) / 200**0.5)


def test_nothing_posted_has_no_rate() -> None:
    none = draw(_posts(0), "seed").with_columns(right=pl.lit(True))
    assert estimated(none, 0, 0) == {"error_rate": None, "value_rate": None}
