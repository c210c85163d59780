"""The strict scorer on cases made by hand: right, wrong, partly right, missing, automatic where nothing should be."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from benchmarks.matching.generate import generate
from benchmarks.matching.profile import STANDARD
from benchmarks.matching.score import ProposalError, Score, score

_FACTS: dict[str, Any] = {"noise": "exact", "channel": "camt", "matchable": True, "usable": True}
TRUTH = pl.DataFrame(
    [("R1", "I1", 100), ("R2", "I2", 60), ("R2", "I3", -10), ("R3", "I4", 500), ("R4", "I5", 70_000)],
    schema=["receipt_id", "item_id", "amount"],
    orient="row",
)
RECEIPTS = pl.DataFrame(
    [
        {"receipt_id": "R1", "amount": 100, "pattern": "one", "stratum": "quoted_exactly", **_FACTS},
        {"receipt_id": "R2", "amount": 50, "pattern": "credit_notes", "stratum": "quoted_exactly", **_FACTS},
        {"receipt_id": "R3", "amount": 490, "pattern": "discount", "stratum": "other_reference", **_FACTS},
        {"receipt_id": "R4", "amount": 70_000, "pattern": "one", "stratum": "amount_only", **_FACTS},
        {"receipt_id": "R5", "amount": 100, "pattern": "duplicate", "stratum": "quoted_exactly", **_FACTS},
    ]
).with_columns(matchable=pl.col("pattern") != "duplicate")


def judged(lines: list[tuple[str, str, int]], decisions: list[tuple[str, str, float | None]]) -> Score:
    allocations = pl.DataFrame(
        lines, schema={"receipt_id": pl.String, "item_id": pl.String, "amount": pl.Int64}, orient="row"
    )
    schema = {"receipt_id": pl.String, "decision": pl.String, "confidence": pl.Float64}
    return score(allocations, pl.DataFrame(decisions, schema=schema, orient="row"), TRUTH, RECEIPTS)


def verdict(found: Score, receipt: str) -> dict[str, Any]:
    return found.verdicts.filter(receipt_id=receipt).row(0, named=True)


def test_a_proposal_is_right_only_as_a_whole() -> None:
    found = judged(
        [("R1", "I1", 100), ("R2", "I2", 60), ("R3", "I4", 490), ("R4", "I9", 70_000)],
        [("R1", "auto", 0.99), ("R2", "review", 0.7), ("R3", "review", 0.65), ("R4", "auto", 0.95)],
    )
    # The credit note is lacking; the items are right, but the discount is not taken; another item is paid.
    assert [verdict(found, f"R{n}")["right"] for n in (1, 2, 3, 4, 5)] == [True, False, True, False, False]
    assert [verdict(found, f"R{n}")["exact"] for n in (1, 2, 3, 4, 5)] == [True, False, False, False, False]
    assert [verdict(found, f"R{n}")["partly"] for n in (2, 3, 4)] == [True, False, False]
    assert found.rate("precision") == pytest.approx(2 / 4)
    assert found.rate("recall") == pytest.approx(2 / 4)
    assert found.rate("precision_to_the_cent") == pytest.approx(1 / 4)
    assert found.rate("automatic_rate") == pytest.approx(2 / 5)
    assert found.rate("automatic_precision") == pytest.approx(1 / 2)
    assert found.rate("automatic_precision_by_value") == pytest.approx(100 / 70_100)
    assert found.rate("line_precision") == pytest.approx(2 / 4)
    assert found.rate("line_recall") == pytest.approx(2 / 5)


def test_rows_of_one_item_are_added_up_whatever_their_kind() -> None:
    found = judged([("R3", "I4", 490), ("R3", "I4", 10)], [("R3", "review", 0.8)])
    assert verdict(found, "R3")["right"]
    assert found.rate("precision") == 1.0


def test_one_item_too_many_is_wrong() -> None:
    found = judged([("R1", "I1", 100), ("R1", "I9", 1)], [("R1", "auto", 0.9)])
    assert not verdict(found, "R1")["automatic_right"]


def test_an_automatic_duplicate_is_counted() -> None:
    found = judged([("R5", "I1", 100)], [("R5", "auto", 0.99)])
    assert (found.duplicates, found.duplicates_automatic) == (1, 1)
    assert found.rate("automatic_precision") == 0.0
    assert found.rate("recall", "pattern", "duplicate") is None


def test_nothing_proposed_has_no_precision_and_no_recall() -> None:
    found = judged([], [])
    assert found.rate("precision") is None
    assert found.rate("automatic_precision") is None
    assert (found.rate("recall"), found.rate("automatic_rate")) == (0.0, 0.0)


def test_rates_by_stratum_pattern_and_value() -> None:
    found = judged([("R1", "I1", 100), ("R4", "I5", 70_000)], [("R1", "auto", 0.9), ("R4", "review", 0.5)])
    assert found.rate("recall", "stratum", "quoted_exactly") == pytest.approx(1 / 2)
    assert found.rate("recall", "stratum", "amount_only") == 1.0
    assert found.rate("recall", "pattern", "one") == 1.0
    assert found.rate("automatic", "value", "500 to 5,000") == 0
    assert found.rate("receipts", "value", "500 to 5,000") == 1


def test_confidence_is_set_against_what_is_right_in_ten_bins() -> None:
    found = judged(
        [("R1", "I1", 100), ("R2", "I2", 60), ("R4", "I5", 70_000)],
        [("R1", "auto", 1.0), ("R2", "review", 0.93), ("R4", "review", 0.15)],
    )
    bins = {row["bin"]: row for row in found.calibration.iter_rows(named=True)}
    assert len(bins) == 10
    assert (bins[0.9]["proposals"], bins[0.9]["right"]) == (2, 0.5)
    assert bins[0.9]["confidence"] == pytest.approx(0.965)
    assert (bins[0.1]["proposals"], bins[0.1]["right"]) == (1, 1.0)
    assert (bins[0.5]["proposals"], bins[0.5]["right"]) == (0, None)


def test_the_truth_itself_scores_full_marks() -> None:
    case = generate(STANDARD, 300, "stream", seed=2)
    decisions = case.receipts.select(
        "receipt_id",
        decision=pl.when("matchable").then(pl.lit("auto")).otherwise(pl.lit("none")),
        confidence=pl.lit(1.0),
    )
    found = score(case.truth, decisions, case.truth, case.receipts)
    assert found.rate("precision") == found.rate("recall") == found.rate("automatic_precision") == 1.0
    assert found.duplicates_automatic == 0


def test_proposals_that_cannot_be_scored_are_one_error() -> None:
    with pytest.raises(ProposalError) as caught:
        judged(
            [("X", "I1", 1)], [("R1", "perhaps", 0.5), ("R2", "auto", 7.0), ("R3", "none", None), ("R3", "none", None)]
        )
    assert len(caught.value.faults) == 4
