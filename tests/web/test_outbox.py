"""The outbox says why nothing left: what is held with the task that frees it, what was stopped, what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from encours.core.dunning.gates import gates
from encours.store.models import DunningExperiment, ExperimentUnit, Message, PlannedAction, User
from encours.usecases import clock
from encours.usecases.outbox import set_aside
from encours.web.outbox import words
from tests.web.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
Signed = Callable[[str], Client]


def test_every_task_of_a_gate_leads_somewhere() -> None:
    for gate in gates():
        if gate.task:
            assert words.task(gate.task), gate.code


def test_what_is_held_says_why_and_what_frees_it(town: Town, client_of: Signed) -> None:
    User.objects.update(language="en")
    text = client_of("claude").get("/outbox/?tab=held").content.decode()
    assert "Payment is promised for" in text
    assert "Watch the promise" in text
    assert "Stopped at the last look" not in text


def test_a_message_that_the_last_look_stopped_is_listed_with_its_reason(town: Town, client_of: Signed) -> None:
    User.objects.update(language="en")
    row = Message.objects.get(customer_id="A:0", state=Message.State.TO_CONFIRM)
    Message.objects.filter(pk=row.pk).update(state=Message.State.QUEUED)
    assert set_aside(row, "invoice F1 was settled meanwhile", clock.now())
    text = client_of("claude").get("/outbox/?tab=held").content.decode()
    assert "Stopped at the last look" in text
    assert "Invoice F1 was settled meanwhile" in text
    assert f"/outbox/{row.pk}/" in text


def test_what_an_experiment_leaves_alone_has_a_list_of_its_own(town: Town, client_of: Signed) -> None:
    User.objects.update(language="en")
    client = client_of("claude")
    assert "Nobody is left alone" in client.get("/outbox/?tab=withheld").content.decode()
    today = clock.today()
    made = DunningExperiment.objects.create(
        entity_id="A", code="sme_1", scenario="sme", share=0.1, days=21, amount_max=500_000, deadline_days=14,
        why="does the firm reminder help?", started_on=today, changed_at=clock.now(),
    )  # fmt: skip
    ExperimentUnit.objects.create(
        experiment=made, customer_id="A:0", arm="held_out", entered_on=today - timedelta(days=3), step="reminder_2",
        level="2", channel="email", profile="new", currency="EUR", amount=123_456, items=[],
    )  # fmt: skip
    PlannedAction.objects.filter(entity_id="A").update(state=PlannedAction.State.WITHHELD)
    answer = client.get("/outbox/?tab=withheld")
    text = answer.content.decode()
    assert answer.context["page"].counts["withheld"] == 1
    for said in ("Zirconia", "does the firm reminder help?", "10", "Firm reminder", "tab=experiments"):
        assert said in text
    (row,) = answer.context["page"].withheld
    assert row.until_on == today + timedelta(days=18)
    assert "Nothing fits" in client.get("/outbox/?tab=withheld&q=nobody-of-this-name").content.decode()
    assert client_of("camille").get("/outbox/?tab=withheld").status_code == 403
