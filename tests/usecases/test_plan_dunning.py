"""The plan of the day in its tables: planned twice it is the same, and what people did stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from encours.core.base.issue import CallError
from encours.store.models import (
    DunningDay,
    DunningMark,
    DunningScenario,
    HeldItem,
    Message,
    PlannedAction,
    PlannedLine,
    ScenarioVersion,
    Setting,
    User,
)
from encours.usecases import clock, keep_plan
from encours.usecases.edit_steps import change_step
from encours.usecases.manage_scenarios import choose_scenario, restore_version, switch_scenario
from encours.usecases.mark_action import pin, reassign, skip_action, snooze
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.rights import NotAllowedError, actor_of, job
from encours.usecases.send_planned import send_planned
from encours.usecases.show_today import TodayFilter, show_today
from encours.usecases.viewing import Viewing
from tests.usecases.mailing import load_late, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(tmp_path: Path, settings: Any) -> None:
    """Entity A with three late customers, its mail ready."""
    settings.HOME = tmp_path / "home"
    load_late(tmp_path, 3)
    to_server(1)


def _rows() -> list[tuple[Any, ...]]:
    rows = PlannedAction.objects.order_by("action_id")
    return list(rows.values_list("pk", "action_id", "amount", "place", "state", "pinned_by", "snoozed_until"))


def test_planned_twice_is_planned_once(company: None) -> None:
    done = plan_dunning(job("test"))[0]
    assert (done.actions, done.held, done.queued) == (3, 0, 0)
    before, lines = _rows(), PlannedLine.objects.count()
    assert lines == 6
    assert sum(amount for _, _, amount, *_ in before) == 3 * 201_000
    plan_dunning(job("test"))
    assert _rows() == before
    assert PlannedLine.objects.count() == lines
    assert DunningDay.objects.count() == 1


def test_an_entity_without_scenarios_gets_the_ready_made_ones_in_test(company: None) -> None:
    plan_dunning(job("test"))
    rows = DunningScenario.objects.filter(entity_id="A")
    assert {"sme", "public", "consumer", "key_account", "foreign"} <= set(rows.values_list("code", flat=True))
    assert all(row.active and row.testing for row in rows)
    assert not Message.objects.exists()


def test_what_people_did_outlives_the_plan(company: None) -> None:
    plan_dunning(job("test"))
    boss = actor_of(User.objects.create_user("boss", "boss@example.com", is_superuser=True))
    first, second, third = PlannedAction.objects.order_by("place")
    pin(boss, third.pk)
    snooze(boss, second.pk, clock.today() + timedelta(days=9))
    skip_action(boss, first.pk, "on the telephone already")
    plan_dunning(job("test"))
    stood = {row.pk: row for row in PlannedAction.objects.all()}
    assert len(stood) == 3
    assert stood[first.pk].state == PlannedAction.State.SKIPPED
    assert stood[second.pk].snoozed_until == clock.today() + timedelta(days=9)
    assert stood[third.pk].pinned_by_id == boss.user.pk


def test_a_plan_that_dies_leaves_the_one_before(company: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_dunning(job("test"))
    before = _rows()

    def dies(*_: object) -> None:
        raise OSError("the machine stops")

    monkeypatch.setattr(keep_plan, "_write_held", dies)
    with pytest.raises(OSError, match="stops"):
        plan_dunning(job("test"))
    assert _rows() == before
    monkeypatch.undo()
    plan_dunning(job("test"))
    assert _rows() == before


def test_only_an_active_scenario_sends_and_nobody_is_asked_twice(company: None) -> None:
    plan_dunning(job("test"))
    assert not Message.objects.exists(), "the scenario is in test"
    switch_scenario(job("test"), "A", "sme", "on")
    assert plan_dunning(job("test"))[0].queued == 3
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    assert plan_dunning(job("test"))[0].queued == 0
    assert Message.objects.count() == 3
    tomorrow = plan_dunning(job("test"), day=clock.today() + timedelta(days=3))[0]
    assert tomorrow.queued == 0
    assert set(HeldItem.objects.values_list("gate", flat=True)) == {"in_outbox"}, "a message is on its way"
    assert Message.objects.count() == 3


def test_the_figures_of_the_day_are_those_of_its_plan_however_often_it_is_made(company: None) -> None:
    plan_dunning(job("test"))
    switch_scenario(job("test"), "A", "sme", "on")
    columns = ("actions", "messages", "tasks", "amounts", "held_gates", "avoided", "delayed")
    DunningDay.objects.update(avoided=2, delayed=1)
    plan_dunning(job("test"))
    (before,), placed = DunningDay.objects.values_list(*columns), _listed()
    assert before[0] == 3
    assert before[-2:] == (2, 1)
    PlannedAction.objects.filter(customer_id=placed[0]).update(state=PlannedAction.State.PLANNED)
    Message.objects.filter(customer_id=placed[0]).delete()  # as if the process had died before the first was queued
    assert plan_dunning(job("test"))[0].queued == 1
    assert DunningDay.objects.values_list(*columns).get() == before
    assert _listed() == placed


def test_in_test_mode_nothing_is_queued(company: None) -> None:
    Setting.objects.filter(key="mail.test_mode").update(value=True)
    switch_scenario(job("test"), "A", "sme", "on") if DunningScenario.objects.exists() else plan_dunning(job("test"))
    switch_scenario(job("test"), "A", "sme", "on")
    assert plan_dunning(job("test"))[0].queued == 0
    assert not Message.objects.exists()


def test_many_are_sent_together_and_only_once(company: None) -> None:
    plan_dunning(job("test"))
    change_step(job("test"), "A", "sme", "reminder_1", {"mode": "confirm"}, "somebody looks first")
    switch_scenario(job("test"), "A", "sme", "on")
    plan_dunning(job("test"))
    numbers = list(PlannedAction.objects.values_list("pk", flat=True))
    assert send_planned(job("test"), numbers).approved == 3
    assert send_planned(job("test"), numbers).approved == 0
    assert list(Message.objects.values_list("state", flat=True)) == ["queued"] * 3


def test_a_scenario_is_changed_as_a_version_and_taken_back(company: None) -> None:
    plan_dunning(job("test"))
    row = change_step(job("test"), "A", "sme", "reminder_1", {"days": 5}, "holidays")
    assert row.version == 2
    assert change_step(job("test"), "A", "sme", "reminder_1", {"days": 5}).version == 2, "the same is no new version"
    with pytest.raises(CallError, match="mode"):
        change_step(job("test"), "A", "sme", "call", {"mode": "sometimes"})
    assert restore_version(job("test"), "A", "sme", 1).version == 3
    assert list(ScenarioVersion.objects.filter(scenario=row).order_by("version").values_list("why", flat=True)) == [
        "", "holidays", "version 1",
    ]  # fmt: skip


def test_a_customer_may_have_its_own_scenario(company: None) -> None:
    plan_dunning(job("test"))
    choose_scenario(job("test"), "A:1", "consumer", why="asked for")
    plan_dunning(job("test"))
    followed = dict(PlannedAction.objects.values_list("customer_id", "scenario"))
    held = dict(HeldItem.objects.values_list("customer_id", "scenario"))
    assert (followed | held)["A:1"] == "consumer"
    with pytest.raises(NotAllowedError):
        choose_scenario(actor_of(User.objects.create_user("x", "x@example.com")), "A:1", "sme")


def _listed() -> list[str]:
    return list(PlannedAction.objects.order_by("place").values_list("customer_id", flat=True))


def test_what_people_put_first_stands_above_what_the_model_says(company: None) -> None:
    plan_dunning(job("test"))
    boss = actor_of(User.objects.create_user("boss", "boss@example.com", is_superuser=True))
    *_, before, last = PlannedAction.objects.order_by("place")
    pin(boss, last.pk)
    pin(boss, before.pk)
    DunningMark.objects.filter(customer_id=before.customer_id).update(pinned_until=clock.today() + timedelta(days=9))
    plan_dunning(job("test"))
    assert _listed()[:2] == [last.customer_id, before.customer_id], "what was put first earlier stands higher"
    PlannedAction.objects.all().delete()
    plan_dunning(job("test"))
    assert _listed()[:2] == [last.customer_id, before.customer_id], "it holds for the plans after it, too"


def test_minutes_are_those_of_each_collector(company: None) -> None:
    plan_dunning(job("test"))
    change_step(job("test"), "A", "sme", "reminder_1", {"mode": "confirm"}, "somebody looks first")
    plan_dunning(job("test"))
    boss = User.objects.create_user("boss", "boss@example.com", is_superuser=True)
    given = PlannedAction.objects.order_by("place")[2]
    reassign(actor_of(boss), given.pk, boss.pk)
    rows = PlannedAction.objects.order_by("place").values_list("minutes", flat=True)
    Setting.objects.create(key="dunning.minutes", entity_id="A", value=max(rows))
    plan_dunning(job("test"))
    assert _listed()[2] != given.customer_id, "a colleague's own first action stands before another's second"
    page = show_today(Viewing(actor_of(boss), ("A",), clock.today()), TodayFilter())
    fits = {row.customer_id: row.fits for row in page.rows}
    assert [row.customer_id for row in page.rows] == _listed()
    assert fits == {name: place < 2 for place, name in enumerate(_listed())}
    assert page.day_minutes == 2 * max(rows)
    mine = show_today(Viewing(actor_of(boss), ("A",), clock.today()), TodayFilter(who="me"))
    assert [(row.customer_id, row.fits) for row in mine.rows] == [(given.customer_id, True)]
    assert mine.day_minutes == max(rows)
