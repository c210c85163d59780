"""The desk shows another entity's item to whom both entities are open, and nothing of it to whom they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from encours.store.models import Decision, Proposal
from encours.store.rights import job
from encours.usecases.accept_match import accept_match
from encours.usecases.propose_matches import propose_matches
from tests.kept import import_once
from tests.usecases.clerks import person
from tests.usecases.test_between import group_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _group(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    import_once(group_book(), tmp_path / "book")
    propose_matches(job("test"), ["B"])


def signed_in(name: str, *entities: str) -> Client:
    user = person(name, "cash_application", *entities).user
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: str) -> str:
    answer = client.get(reverse(name, args=args), follow=True)
    assert answer.status_code == 200, (name, args)
    return str(answer.content.decode())


def test_the_desk_of_who_may_in_both() -> None:
    client = signed_in("both", "A", "B")
    shown = page(client, "cash")
    assert "FA-20077" in shown
    assert 'title="Owed to another entity"' in shown or "Due à une autre société" in shown
    number = Proposal.objects.get(rule="other_entity").pk
    form = {"item": "A:FA-20077", "amount:A:FA-20077": "450,12", "proposal": str(number), "difference": ""}
    gap = client.post(reverse("cash_gap", args=["B:r1"]), form)
    assert gap.status_code == 200
    assert client.post(reverse("cash_apply", args=["B:r1"]), form).status_code in (200, 302)
    assert Decision.objects.filter(act="accept_match", proposal_id=number).count() == 1
    assert "FA-20077" in page(client, "receipt", "B:r1")


def test_who_may_only_here_reads_why_nothing_was_found() -> None:
    client = signed_in("bob", "B")
    assert "FA-20077" not in page(client, "cash")
    assert "Client 7" not in page(client, "cash")


def test_the_settled_item_and_the_used_receipt_name_nothing_of_the_other_side() -> None:
    accept_match(job("test"), Proposal.objects.get(rule="other_entity").pk)
    receipt = page(signed_in("bob", "B"), "receipt", "B:r1")
    assert "A:FA-20077" not in receipt
    assert "FA-20077" not in receipt
    item = page(signed_in("anne", "A"), "item", "A:FA-20077")
    assert "B:r1" not in item
    assert "MENUISERIE SEPT" not in item
    assert "Client 7" in page(signed_in("carl", "A"), "customer", "A:7")
