"""The export to the ERP on screen: what waits is shown before it leaves, fetched after, recalled while it can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from encours.store.models import EntryBatch, ExportLine, Proposal, Setting
from encours.usecases.accept_match import accept_match
from encours.usecases.rights import actor_of
from tests.web.cast import Town

pytestmark = pytest.mark.django_db


def test_what_waits_leaves_is_fetched_and_recalled(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("camille")
    nothing = client.get("/exports/").content.decode()
    assert "Nothing waits" in nothing
    assert "Batch 1" in nothing
    proposal = Proposal.objects.get(receipt_id="A:0:r", decision__in=("auto", "review"))
    accept_match(actor_of(town.users["camille"]), proposal.pk)
    waits = client.get("/exports/").content.decode()
    assert "Export 1 settlement" in waits
    assert "Zirconia 0" in waits
    assert "1,234.56" in waits
    assert client.post("/exports/make/", {"of": "A"}).status_code == 302
    batch = EntryBatch.objects.get(number=2)
    page = client.get(f"/exports/{batch.pk}/").content.decode()
    assert "411000" in page
    assert "AAB" in page or "AAA" in page
    for kind in ("csv", "xlsx", "fec", "letters"):
        answer = client.get(f"/exports/{batch.pk}/file.{kind}")
        assert answer.status_code == 200
        assert "attachment" in answer["Content-Disposition"]
    assert client.get(f"/exports/{batch.pk}/file.exe").status_code == 404
    assert client.post(f"/exports/{batch.pk}/recall/").status_code == 302
    assert ExportLine.objects.count() == 1
    again = client.get("/exports/").content.decode()
    assert "recalled" in again
    assert "Export 1 settlement" in again
    refused = client.get(f"/exports/{batch.pk}/file.csv", follow=True).content.decode()
    assert "was recalled" in refused


def test_accounts_and_modes_are_set_by_who_manages_settings(town: Town, client_of: Callable[[str], Client]) -> None:
    alice = client_of("alice")
    alice.get("/exports/?entity=A")
    told = {"of": "A", "account": "FR7612345987650123456789014", "mode": "suspense"}
    alice.post("/exports/bank/", told)
    assert (
        Setting.objects.filter(key="entries.banks").order_by("-pk").first().value[told["account"]]["mode"] == "suspense"
    )  # type: ignore[union-attr]  # there
    rules = {"of": "A", "vat_rate": "5,5", "small_max": "3", "account-customers": "411100", "flags": "1"}
    alice.post("/exports/rules/save/", rules | {"discount_vat": "on"})
    page = alice.get("/exports/rules/?of=A").content.decode()
    assert 'value="411100"' in page
    assert 'value="5.50"' in page
    assert 'name="discount_vat" checked' in page
    wrong = alice.post("/exports/rules/save/", {"of": "A", "account-customers": "4 1"}, follow=True).content.decode()
    assert "not a ledger account" in wrong
    assert alice.get("/exports/?entity=").status_code == 200
    assert town.ids["batch_id"]


def test_the_page_asks_little(
    town: Town, client_of: Callable[[str], Client], django_assert_max_num_queries: Callable[..., object]
) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("Django's counting cursor cannot COPY with parameters")
    proposal = Proposal.objects.get(receipt_id="A:0:r", decision__in=("auto", "review"))
    accept_match(actor_of(town.users["camille"]), proposal.pk)
    client = client_of("camille")
    client.get("/exports/")
    with django_assert_max_num_queries(30):  # type: ignore[attr-defined]  # a context manager
        client.get("/exports/")
