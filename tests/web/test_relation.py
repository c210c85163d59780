"""What is decided about a customer, on its page: scenario, strategy, links, tasks; and an item's own scenario."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from encours.store.models import DunningMark, PublishedStatement, ScenarioChoice, Setting, Task
from encours.usecases import clock
from tests.web.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
_PAGE = "/customer/A:0?tab=chasing"


def test_a_scenario_is_chosen_and_given_back(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("colette")
    assert "by its conditions" in client.get(_PAGE).content.decode()
    client.post("/customer/follow/A:0", {"scenario": "key_account", "why": "our largest"})
    page = client.get(_PAGE).content.decode()
    assert "our largest" in page
    assert ScenarioChoice.objects.get().scenario == "key_account"
    assert "as its customer" in client.get("/item/A:0:late").content.decode()
    client.post("/item/follow/A:0:late", {"scenario": "sme"})
    assert set(ScenarioChoice.objects.values_list("item_id", "scenario")) == {
        (None, "key_account"),
        ("A:0:late", "sme"),
    }
    client.post("/item/follow/A:0:late", {"scenario": ""})
    client.post("/customer/follow/A:0", {"scenario": ""})
    assert not ScenarioChoice.objects.exists()


def test_a_strategy_has_an_owner_and_a_day(town: Town, client_of: Callable[[str], Client]) -> None:
    client, day = client_of("claude"), clock.today() + timedelta(days=90)
    sent = {"strategy": "exit", "owner": f"{town.users['claude'].pk}", "review_on": f"{day}"}
    client.post("/customer/strategy/A:0", sent)
    mark = DunningMark.objects.get()
    assert (mark.strategy, mark.strategy_owner, mark.strategy_review_on) == ("exit", town.users["claude"], day)
    assert f'value="{day}"' in client.get(_PAGE).content.decode()
    client.post("/customer/strategy/A:0", sent | {"owner": f"{town.users['victor'].pk}"})
    assert DunningMark.objects.get().strategy_owner == town.users["claude"], "victor does not work there"
    client.post("/customer/strategy/A:0", {"strategy": ""})
    assert DunningMark.objects.get().strategy_review_on is None


def test_a_link_is_published_seen_and_revoked(town: Town, client_of: Callable[[str], Client]) -> None:
    PublishedStatement.objects.all().delete()
    client = client_of("claude")
    off = client.get(_PAGE).content.decode()
    assert "no public address is set" in off
    assert "part=letters&amp;of=A" not in off, "who may not set it is told who may"
    assert "part=letters&amp;of=A" in client_of("alice").get(_PAGE).content.decode()
    client.post("/customer/link/publish/A:0")
    assert not PublishedStatement.objects.exists()
    Setting.objects.create(entity_id="A", key="portal.public_address", value="https://releves.example")
    client.post("/customer/link/publish/A:0")
    link = PublishedStatement.objects.get()
    page = client.get(_PAGE).content.decode()
    assert f"https://releves.example/s/{link.token}." in page
    assert "https://releves.example/s/" not in client_of("colette").get(_PAGE).content.decode(), "a link is a key"
    client.post(f"/customer/link/revoke/{link.token}")
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert link.token not in client.get(_PAGE).content.decode()


def test_a_task_is_opened_from_both_pages(town: Town, client_of: Callable[[str], Client]) -> None:
    Task.objects.all().delete()
    client, day, own = client_of("colette"), f"{clock.today()}", f"{town.users['colette'].pk}"
    answer = client.post(
        "/tasks/open/", {"title": "Ask the fitter", "customer": "A:0", "due_on": day, "back": "customer", "owner": ""}
    )
    assert answer.headers["Location"] == _PAGE
    assert "Ask the fitter" in client.get(_PAGE).content.decode()
    client.post("/tasks/open/", {"title": "Order stamps", "due_on": day, "of": "A", "owner": own})
    assert set(Task.objects.values_list("title", "customer_id")) == {("Ask the fitter", "A:0"), ("Order stamps", None)}
    assert "Order stamps" in client.get("/tasks/").content.decode()
