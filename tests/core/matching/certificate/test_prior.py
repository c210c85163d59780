"""The shipped model's own certificates: of this model, as strict as asked, and none for a budget that they miss."""

from __future__ import annotations

import pytest

from encours.core.matching.certificate import POOLED, prior_certificate, prior_record
from encours.core.matching.certificate import prior as module
from encours.core.matching.families import strata
from encours.core.matching.model import model_digest


def test_they_are_of_the_model_that_is_shipped() -> None:
    record = prior_record()
    assert record["model"] == model_digest(), "train.py has run since: run certify_prior, too"
    assert record["proposals"] > 100_000


@pytest.mark.parametrize(("budget", "target"), [(0.001, 0.001), (0.003, 0.002), (0.5, 0.02)])
def test_the_widest_within_the_budget_is_taken(budget: float, target: float) -> None:
    certificate = prior_certificate(budget)
    assert certificate is not None
    assert certificate.target == target
    row = certificate.row(POOLED)
    assert row["certified"]
    assert row["bound"] <= target


def test_a_budget_that_none_keeps_has_none() -> None:
    assert prior_certificate(0.0001) is None


def test_another_model_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "model_digest", lambda: "another")
    assert prior_certificate(0.01) is None


def test_every_family_says_its_stratum() -> None:
    known = strata()
    assert known["quoted_exact"] == "quoted_exactly"
    assert {name for name, stratum in known.items() if stratum == "amount_only"} == {
        name for name in known if not name.startswith("quoted")
    }
