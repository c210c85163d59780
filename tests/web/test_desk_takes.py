"""Takes on the desk: given back on going on and on leaving, told to the other clerk in the queue, no bar to bulk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from encours.store.models import Decision, Proposal, ProposalLine, ReceiptTake, User
from encours.store.rights import job
from encours.usecases.propose_matches import propose_matches
from tests.usecases.clerks import load_desk, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(tmp_path: Path, settings: Any) -> tuple[Client, Client]:
    """Two clerks of A, signed in: anne and bob."""
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)
    propose_matches(job("test"), ["A"])
    return _client("anne"), _client("bob")


def _client(name: str) -> Client:
    user = person(name).user
    assert user is not None
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client()
    client.force_login(user)
    return client


def _held() -> dict[str, str]:
    return dict(ReceiptTake.objects.values_list("receipt_id", "user__username"))


def test_one_receipt_at_a_time_is_held_and_none_after_leaving(two: tuple[Client, Client]) -> None:
    anne, bob = two
    anne.post("/cash/hold/A:r2")
    anne.post("/cash/hold/A:r3", {"left": "A:r2"})
    assert _held() == {"A:r3": "anne"}
    bob.post("/cash/release/A:r3")
    assert _held() == {"A:r3": "anne"}, "nobody gives back what another holds"
    assert anne.post("/cash/release/A:r3").status_code == 204
    assert _held() == {}


def test_the_queue_says_who_holds_what(two: tuple[Client, Client]) -> None:
    anne, bob = two
    anne.post("/cash/hold/A:r2")
    assert "anne@example.com looks at it" in bob.get("/cash/").content.decode()
    assert "looks at it" not in anne.get("/cash/").content.decode(), "one's own take is no news"
    anne.post("/cash/hold/A:r2", {"working": "1"})
    assert "anne@example.com works on it" in bob.get("/cash/").content.decode()
    assert "it can be looked at, not applied" in bob.post("/cash/hold/A:r2").content.decode()


def test_acts_on_many_mind_work_not_looks(two: tuple[Client, Client]) -> None:
    anne, bob = two
    Proposal.objects.all().delete()
    numbers = [_propose("r2", "A:F2", 50_000), _propose("r3", "A:F3", 30_000)]
    anne.post("/cash/hold/A:r2")
    anne.post("/cash/hold/A:r3", {"working": "1"})
    bob.post("/cash/confirm/", {"proposal": numbers})
    accepted = Decision.objects.filter(act="accept_match", user__username="bob")
    assert list(accepted.values_list("subject_id", flat=True)) == ["A:r2"], "the one that she only looks at"


def _propose(name: str, item_id: str, amount: int) -> int:
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id=f"A:{name}", decision="review", rule="one", confidence=0.9, reason="it is"
    )
    ProposalLine.objects.create(proposal=proposal, item_id=item_id, amount=amount, kind="cash")
    return int(proposal.pk)
