"""What is ready to be confirmed together: proved, or covered by a certificate; never a kind that was switched off."""

from __future__ import annotations

import pytest

from encours.core.matching.certificate import STRATA, prior_certificate
from encours.store.models import Entity, Proposal, StratumSwitch
from encours.usecases import clock
from encours.usecases.ready_matches import is_ready, least_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def entity() -> Entity:
    return Entity.objects.create(entity_id="A", name="Valmont", country="FR", currency="EUR")


def _proposal(entity: Entity, decision: str, stratum: str, confidence: float) -> int:
    row = Proposal.objects.create(
        entity=entity, receipt_id=f"A:{stratum}{confidence}", decision=decision, rule="one", stratum=stratum,
        confidence=confidence, reason="",
    )  # fmt: skip
    return row.pk


def test_without_a_certificate_of_its_own_the_shipped_models_counts(entity: Entity) -> None:
    prior = prior_certificate(0.001)
    assert prior is not None
    least = prior.threshold()
    assert least is not None
    assert 0.9 < least < 1
    assert least_ready("A") == dict.fromkeys(STRATA, least)
    ready = [
        _proposal(entity, "auto", "", 0.5),
        _proposal(entity, "review", STRATA[2], least),
        _proposal(entity, "review", STRATA[1], 1.0),
    ]
    _proposal(entity, "review", STRATA[2], least - 0.001)
    _proposal(entity, "review", "", 1.0)  # no family of the engine made it: nothing certifies it
    assert sorted(Proposal.objects.filter(is_ready(["A"])).values_list("pk", flat=True)) == ready
    assert list(Proposal.objects.filter(is_ready([])).values_list("pk", flat=True)) == ready[:1]


def test_a_kind_that_was_switched_off_is_never_ready_without_a_proof(entity: Entity) -> None:
    StratumSwitch.objects.create(
        entity=entity, stratum=STRATA[2], on=False, cause="test_failed", why="broken", at=clock.now()
    )
    _proposal(entity, "review", STRATA[2], 1.0)
    assert STRATA[2] not in least_ready("A")
    assert not Proposal.objects.filter(is_ready(["A"])).exists()
