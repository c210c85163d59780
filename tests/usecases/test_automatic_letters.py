"""Automatic letters leave in the night as automatic e-mails do: after all gates, and never in test mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from encours.store.models import Contact, Item, Message, PlannedAction, PrintBatch, Setting, Touch
from encours.usecases import clock
from encours.usecases.edit_steps import change_step
from encours.usecases.manage_scenarios import switch_scenario
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.print_letters import print_letters
from encours.usecases.rights import job
from tests.usecases.mailing import load_late, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(tmp_path: Path, settings: Any) -> None:
    """Two late customers with postal addresses; the first step of their scenario is an automatic letter."""
    settings.HOME = tmp_path / "home"
    load_late(tmp_path, 2)
    to_server(1)
    Contact.objects.update(address="8 quai des Forges\n69002 Lyon")
    plan_dunning(job("test"))
    change_step(job("test"), "A", "sme", "reminder_1", {"channel": "letter"}, "on paper")


def test_an_automatic_letter_is_set_queued_and_printed_in_the_same_night(company: None) -> None:
    switch_scenario(job("test"), "A", "sme", "on")
    assert plan_dunning(job("test"))[0].queued == 2
    assert set(Message.objects.values_list("channel", "state")) == {("letter", "queued")}
    assert plan_dunning(job("test"))[0].queued == 0
    (batch,) = print_letters(job("test"), "A")
    assert batch.letters == 2
    assert set(PlannedAction.objects.values_list("state", flat=True)) == {"done"}
    assert set(Touch.objects.filter(is_current=True).values_list("channel", "level")) == {("letter", "reminder_1")}
    assert print_letters(job("test"), "A") == []


def test_what_a_gate_holds_by_then_is_not_printed(company: None) -> None:
    switch_scenario(job("test"), "A", "sme", "on")
    plan_dunning(job("test"))
    Item.objects.filter(customer_id="A:0").update(open=0)
    (batch,) = print_letters(job("test"), "A")
    assert batch.letters == 1
    assert "settled meanwhile" in Message.objects.get(state="cancelled").error


def test_in_test_mode_and_of_a_scenario_in_test_no_letter_is_set(company: None) -> None:
    plan_dunning(job("test"))
    assert not Message.objects.exists(), "the scenario is in test"
    switch_scenario(job("test"), "A", "sme", "on")
    Setting.objects.filter(key="mail.test_mode").update(value=True)
    assert plan_dunning(job("test"))[0].queued == 0
    assert print_letters(job("test"), "A") == []
    assert not Message.objects.exists()
    assert not PrintBatch.objects.exists()


def test_a_letter_without_an_address_stays_on_the_list_and_the_others_go_on(company: None) -> None:
    switch_scenario(job("test"), "A", "sme", "on")
    Contact.objects.filter(customer_id="A:0").update(address=None)
    (done,) = plan_dunning(job("test"))
    assert done.queued == 1
    assert done.faults == ("A:0: no postal address is known of A:0",)
    assert PlannedAction.objects.get(customer_id="A:0").state == PlannedAction.State.PLANNED
    assert Message.objects.get().created_at <= clock.now()
