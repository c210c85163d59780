"""Auto or review, and the sentence: every way to post and everything that stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from core.matching.certificate.worlds import all_right, judged
from encours.core.matching.certificate import AMOUNT, OTHER, QUOTED, Policy, certify, decide, thresholds
from encours.core.matching.certificate.decide import PROPOSED_SCHEMA, VERDICT_SCHEMA

PLAIN = Policy(max_error_rate=0.01)
CERTIFICATE = certify(judged(np.linspace(0.5, 1, 2_000), np.linspace(0.5, 1, 2_000) > 0.7), 0.01)
LEAST = CERTIFICATE.threshold() or 0


def _one(**given: Any) -> dict[str, Any]:
    policy = given.pop("policy", PLAIN)
    certificate = given.pop("certificate", CERTIFICATE)
    row = {"receipt_id": "r1", "stratum": AMOUNT, "confidence": 0.999, "amount": 5_000, "proven": False} | given
    found = decide(pl.DataFrame([row], schema=PROPOSED_SCHEMA), certificate, policy)
    assert dict(found.schema) == VERDICT_SCHEMA
    return found.row(0, named=True)


def test_a_confidence_from_the_threshold_on_posts() -> None:
    assert 0.7 < LEAST < 0.8
    at, below = _one(confidence=LEAST), _one(confidence=np.nextafter(LEAST, 0))
    assert (at["decision"], at["via"], at["threshold"]) == ("auto", "certificate", LEAST)
    assert at["reason"].endswith("the least for at most 1 in 100 wrong (certified, 95 % sure)")
    assert (below["decision"], below["via"]) == ("review", None)
    assert " is below " in below["reason"]


def test_a_proof_posts_without_a_certificate() -> None:
    found = _one(certificate=None, proven=True, confidence=None)
    assert (found["decision"], found["via"], found["threshold"]) == ("auto", "proof", None)
    assert _one(certificate=None)["reason"] == "there is no certificate yet"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"policy": replace(PLAIN, max_error_rate=0.001)}, "the certificate is for 1 in 100, the budget is 1 in 1,000"),
        ({"policy": replace(PLAIN, max_error_rate=0)}, "the budget is 0 %"),
        ({"certificate": certify(all_right(100), 0.01)}, "takes 299 without an error"),
        ({"policy": replace(PLAIN, asks="the mix has moved")}, "the certificate is to be renewed: the mix has moved"),
        ({"policy": replace(PLAIN, value_cap=4_999)}, "the amount is above the limit"),
        ({"policy": replace(PLAIN, value_cap=4_999), "proven": True}, "the amount is above the limit"),
        ({"policy": replace(PLAIN, value_cap=4_999), "amount": -5_000}, "the amount is above the limit"),
        ({"policy": replace(PLAIN, value_cap=4_999), "amount": None}, "the amount is above the limit"),
        ({"policy": replace(PLAIN, off={AMOUNT})}, "amount_only: switched off"),
        ({"policy": replace(PLAIN, off={AMOUNT}), "proven": True}, "amount_only: switched off"),
        ({"policy": replace(PLAIN, per_stratum=True), "stratum": OTHER}, "other_reference: this kind of match has no"),
        ({"policy": replace(PLAIN, per_stratum=True), "stratum": None}, "unknown: this kind of match has no"),
        ({"confidence": None}, "the proposal has no confidence"),
        ({"confidence": float("nan")}, "the proposal has no confidence"),
        (
            {"certificate": certify(all_right(400), 0.01, value_cap=10_000), "amount": 10_001},
            "above what the certificate",
        ),
    ],
)
def test_what_keeps_a_receipt_for_a_person(given: dict[str, Any], reason: str) -> None:
    found = _one(**given)
    assert (found["decision"], found["via"]) == ("review", None)
    assert reason in found["reason"]


def test_each_stratum_on_its_own_certificate() -> None:
    policy = replace(PLAIN, per_stratum=True)
    assert _one(policy=policy)["decision"] == "auto"
    assert _one(policy=PLAIN, stratum=OTHER)["decision"] == "auto"
    spread = pl.concat(
        [all_right(280), all_right(280).with_columns(pl.col("receipt_id") + "q", stratum=pl.lit(QUOTED))]
    )
    found = _one(policy=policy, certificate=certify(spread, 0.01))
    assert found["reason"] == "no kind of match has a certificate of its own"


PRIOR = replace(PLAIN, prior=CERTIFICATE, value_cap=10_000)


def test_the_shipped_prior_posts_up_to_half_the_limit_until_the_book_has_its_own() -> None:
    at = _one(certificate=None, policy=PRIOR, amount=5_000)
    assert (at["decision"], at["via"]) == ("auto", "prior")
    assert "certified on the shipped prior" in at["reason"]
    above = _one(certificate=None, policy=PRIOR, amount=5_001)
    assert (above["decision"], above["reason"][:29]) == ("review", "the amount is above half the ")
    assert _one(policy=PRIOR, amount=5_001)["via"] == "certificate"
    small = replace(PRIOR, prior=certify(all_right(400), 0.01, value_cap=10_000), value_cap=10**9)
    assert _one(certificate=None, policy=small, amount=10_001)["decision"] == "review"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (replace(PRIOR, off={QUOTED}), "ended when a running test failed"),
        (replace(PRIOR, value_cap=None), "takes a value limit, and none is set"),
        (replace(PRIOR, max_error_rate=0.001), "nor does the shipped prior serve"),
        (replace(PRIOR, asks="the mix has moved"), "is to be renewed"),
    ],
)
def test_what_ends_provisional_posting(policy: Policy, reason: str) -> None:
    found = _one(certificate=None, policy=policy)
    assert (found["decision"], found["via"]) == ("review", None)
    assert reason in found["reason"]


def test_no_proposals_and_their_order() -> None:
    assert decide(pl.DataFrame(schema=PROPOSED_SCHEMA), CERTIFICATE, PLAIN).is_empty()
    ids = [f"r{place}" for place in range(9, 0, -1)]
    rows = pl.DataFrame(
        {"receipt_id": ids, "stratum": [AMOUNT, OTHER, None] * 3, "confidence": [0.9] * 9, "amount": [1] * 9}
    )
    found = decide(
        rows.with_columns(proven=pl.lit(None, dtype=pl.Boolean)), CERTIFICATE, replace(PLAIN, per_stratum=True)
    )
    assert found["receipt_id"].to_list() == ids
    assert found["decision"].to_list() == ["auto", "review", "review"] * 3


def test_thresholds_say_from_where_each_stratum_posts() -> None:
    strata = (QUOTED, OTHER, AMOUNT)
    assert thresholds(None, PLAIN, strata) == {}
    assert thresholds(CERTIFICATE, PLAIN, strata) == dict.fromkeys(strata, LEAST)
    assert thresholds(CERTIFICATE, replace(PLAIN, off={QUOTED}), strata) == {OTHER: LEAST, AMOUNT: LEAST}
    assert thresholds(CERTIFICATE, replace(PLAIN, asks="the mix has moved"), strata) == {}
    alone = thresholds(CERTIFICATE, replace(PLAIN, per_stratum=True), strata)
    assert alone == {AMOUNT: CERTIFICATE.threshold(AMOUNT)}, "nothing was judged of the others"


def test_what_thresholds_let_through_is_what_decide_posts() -> None:
    least = thresholds(CERTIFICATE, PLAIN, (QUOTED, OTHER, AMOUNT))[AMOUNT]
    assert _one(confidence=least)["decision"] == "auto"
    assert _one(confidence=np.nextafter(least, 0))["decision"] == "review"
