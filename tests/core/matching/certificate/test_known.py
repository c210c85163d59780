"""Errors that came to light by themselves: counted against all posts, they can break the promise and never keep it."""

from __future__ import annotations

import math

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from encours.core.matching.certificate import KNOWN_SCHEMA, certify, refuted
from encours.core.matching.certificate.history import JUDGED_SCHEMA


def known(*rows: tuple[str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=KNOWN_SCHEMA, orient="row")


def test_within_the_promise_nothing_is_refuted() -> None:
    assert refuted(known(("amount_only", 10_000, 10), ("quoted_exactly", 50_000, 0)), 0.001) == frozenset()


def test_more_than_chance_allows_refutes_its_stratum_alone() -> None:
    # Ten are promised of 10,000: twenty come once in three hundred times, twenty-three once in three thousand.
    assert refuted(known(("amount_only", 10_000, 20), ("quoted_exactly", 50_000, 3)), 0.001) == frozenset()
    assert refuted(known(("amount_only", 10_000, 23), ("quoted_exactly", 50_000, 3)), 0.001) == {"amount_only"}


def test_a_promise_for_all_together_is_refuted_by_all_together() -> None:
    weak = known(("amount_only", 10_000, 30), ("quoted_exactly", 50_000, 3))
    assert refuted(weak, 0.001, per_stratum=False) == frozenset()
    worse = known(("amount_only", 10_000, 90), ("quoted_exactly", 50_000, 3))
    assert refuted(worse, 0.001, per_stratum=False) == {"amount_only"}


def test_few_posts_need_few_errors() -> None:
    assert refuted(known(("amount_only", 2, 1)), 0.001) == frozenset()
    assert refuted(known(("amount_only", 45, 2)), 0.001) == {"amount_only"}


@given(posts=st.integers(1, 3_000), wrong=st.integers(0, 12), target=st.sampled_from([0.0005, 0.001, 0.005]))
def test_the_tail_is_that_of_the_sum_of_all_counts(posts: int, wrong: int, target: float) -> None:
    wrong = min(wrong, posts)
    below = sum(math.comb(posts, k) * target**k * (1 - target) ** (posts - k) for k in range(wrong))
    assume(abs(1 - below - 0.001) > 1e-9)
    assert (refuted(known(("s", posts, wrong)), target) == {"s"}) is (wrong > 0 and 1 - below <= 0.001)


def test_what_was_found_by_itself_is_no_part_of_the_sample() -> None:
    rows = [(f"R{n}", None, "amount_only", 0.99, 100, True, "person", 1.0) for n in range(400)]
    found = [(f"F{n}", None, "amount_only", 0.995, 100, False, "found", 1.0) for n in range(5)]
    made = certify(pl.DataFrame(rows + found, schema=JUDGED_SCHEMA, orient="row"), 0.01)
    assert (made.row()["judged"], made.row()["errors"], made.row()["certified"]) == (400, 0, True)
