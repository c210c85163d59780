"""Scenarios as people edit and try them: steps, copies, who would follow, replays, experiments; faults by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.experiment import HELD_OUT
from encours.core.dunning.fields import Fault
from encours.core.dunning.scenario import Cap
from encours.store.models import DunningScenario, ExperimentUnit, HeldItem, PlannedAction, Run, ScenarioVersion
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases import replay_scenario as replaying
from encours.usecases.edit_steps import TypedStep, add_step, change_step, code_of, drop_step
from encours.usecases.log_contact import Logged, log_contact
from encours.usecases.manage_scenarios import followed, scenarios_of, switch_scenario
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.replay_scenario import TRIED, Asked, ask_replay, replay_scenario
from encours.usecases.rights import Actor, NotAllowedError
from encours.usecases.shape_scenario import Shape, TypedCap, copy_scenario, preview_followers, reshape_scenario
from encours.usecases.show_experiments import TypedExperiment, show_scenario_experiments, start_hold_out
from encours.usecases.show_replay import backtest_rows, show_backtest, show_comparison
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import person
from tests.usecases.payers import HABITS, load, paying_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load(tmp_path / "book", paying_book(HABITS, last=clock.today() - timedelta(days=1), months=8))
    followed("A")


@pytest.fixture
def manager() -> Actor:
    return person("manager", "credit_manager", "A")


def _viewing(actor: Actor) -> Viewing:
    return Viewing(actor, actor.entities, clock.today())


def _typed(name: str = "Second call", after: str = "", **fields: object) -> TypedStep:
    told = {"anchor": "due", "days": "15", "level": "2", "channel": "call", "mode": "task", "template": "call_overdue",
            "tone": "firm", "to": ["accounts_payable"], "cc": []}  # fmt: skip
    return TypedStep(told | fields, name, "en", after)


def _faults(caught: pytest.ExceptionInfo[CallError]) -> dict[str, str]:
    return {fault.field: fault.short for fault in caught.value.faults if isinstance(fault, Fault)}


def _ladder(code: str = "sme") -> list[str]:
    found = scenarios_of("A").get(code)
    assert found is not None
    return [step.code for step in found.ladder]


def test_a_step_is_added_in_its_place_moved_and_taken_out(manager: Actor) -> None:
    own = add_step(manager, "A", "sme", _typed(), "more calls")
    assert own == "second_call"
    assert _ladder()[2:5] == ["call", "second_call", "letter"]
    change_step(manager, "A", "sme", own, _typed(days="25", level="3"))
    assert _ladder()[3:5] == ["letter", "second_call"]
    change_step(manager, "A", "sme", own, _typed(anchor="previous", days="2", after="reminder_1", level="1"))
    assert _ladder()[:2] == ["reminder_1", "second_call"]
    row = drop_step(manager, "A", "sme", own, "enough")
    assert row.version == 5
    assert "second_call" not in _ladder()
    assert add_step(manager, "A", "sme", _typed()) == "second_call_2", "what left under the old code is not its own"
    whys = list(ScenarioVersion.objects.filter(scenario=row).order_by("version").values_list("why", flat=True))
    assert whys == ["", "more calls", "", "", "enough", ""]


def test_every_fault_of_a_step_has_its_field_and_nothing_is_saved(manager: Actor) -> None:
    wrong = _typed(name=" ", days="soon", level="13", mode="automatic", to=[], template="nowhere", amount_min="-3")
    with pytest.raises(CallError) as caught:
        add_step(manager, "A", "sme", wrong)
    assert set(_faults(caught)) == {"name", "days", "level", "mode", "to", "template", "amount_min"}
    assert _faults(caught)["days"] == "it must be a number of days"
    with pytest.raises(CallError) as caught:
        change_step(manager, "A", "sme", "reminder_1", _typed(days="25", level="1"))
    assert set(_faults(caught)) == {"level"}, "after the letter, of a lower level"
    with pytest.raises(CallError):
        drop_step(manager, "A", "sme", "nothing")
    assert DunningScenario.objects.get(entity_id="A", code="sme").version == 1


def test_the_name_is_kept_in_each_language_and_amounts_are_read_as_people_write_them(manager: Actor) -> None:
    change_step(
        manager, "A", "sme", "letter", TypedStep({"amount_min": "1\u202f500,50", "amount_max": ""}, "Brief", "de")
    )
    found = scenarios_of("A").get("sme")
    assert found is not None
    step = found.step("letter")
    assert step.names["de"] == "Brief"
    assert "en" in step.names
    assert str(step.amount_min) == "1500.50"


def test_only_the_manager_edits(manager: Actor) -> None:
    collector = person("collector", "collector", "A")
    with pytest.raises(NotAllowedError):
        add_step(collector, "A", "sme", _typed())
    with pytest.raises(NotAllowedError):
        copy_scenario(collector, "A", "ready:sme", Shape("Mine", "en", "80", "3", ()))
    with pytest.raises(NotAllowedError):
        preview_followers(_viewing(collector), "A", "", "ready:sme", Shape("Mine", "en", "80", "3", ()))
    with pytest.raises(NotAllowedError):
        start_hold_out(collector, "A", "sme", TypedExperiment("10", "5000", "21", "", "why not"))


def test_a_copy_bears_its_name_is_off_and_says_before_who_would_follow(manager: Actor) -> None:
    large = Shape("Large debts", "en", "10", "3", (("position.overdue", "ge", "1 000"), ("", "eq", "")))
    before = preview_followers(_viewing(manager), "A", "", "ready:sme", large)
    assert before.customers == before.joining > 0
    assert {row.now for row in before.rows} == {"sme"}
    assert before.rows == sorted(before.rows, key=lambda row: (-row.overdue, row.customer_id))
    row = copy_scenario(manager, "A", "ready:sme", large, "they need more")
    assert (row.code, row.active, row.testing) == ("large_debts", False, True)
    assert row.data["names"] == {"en": "Large debts"}
    assert _ladder("large_debts") == _ladder()
    switch_scenario(manager, "A", "large_debts", "test")
    plan_dunning(job("test"), ["A"])
    asked = set(PlannedAction.objects.filter(scenario="large_debts").values_list("customer_id", flat=True))
    assert asked <= {one.customer_id for one in before.rows}
    nobody = Shape("Large debts", "en", "10", "3", (("position.overdue", "ge", "900000000"),))
    after = preview_followers(_viewing(manager), "A", "large_debts", "", nobody)
    assert (after.customers, after.joining, after.leaving) == (0, 0, before.customers)
    reshape_scenario(manager, "A", "large_debts", nobody)
    assert DunningScenario.objects.get(code="large_debts").version == 2


def test_every_fault_of_a_segment_has_its_line(manager: Actor) -> None:
    wrong = Shape("", "en", "first", "", (("customer.kind", "eq", "business"), ("position.overdue", "ge", "much"),
                                          ("customer.kind", "in", "")))  # fmt: skip
    with pytest.raises(CallError) as caught:
        copy_scenario(manager, "A", "ready:sme", wrong)
    places = {fault.place.rpartition("/")[2] for fault in caught.value.faults if isinstance(fault, Fault)}
    assert {"segment#2", "segment#3"} <= places
    assert {"name", "priority", "pause_days", "value"} <= set(_faults(caught))
    with pytest.raises(CallError):
        copy_scenario(manager, "A", "ready:nothing", wrong)


def test_a_cap_that_is_set_holds_messages_back_and_is_kept_where_nothing_is_said_of_it(manager: Actor) -> None:
    shape = Shape("PME", "fr", "80", "0", (("customer.kind", "eq", "business"),), (TypedCap("1", "30"),))
    plan_dunning(job("test"), ["A"])
    asked = PlannedAction.objects.filter(entity_id="A", scenario="sme").first()
    assert asked is not None
    assert not HeldItem.objects.filter(gate="capped").exists()
    log_contact(manager, Logged(asked.customer_id, "not_reached", "call-1"))
    reshape_scenario(manager, "A", "sme", shape)
    plan_dunning(job("test"), ["A"])
    held = HeldItem.objects.filter(customer_id=asked.customer_id, gate="capped")
    assert held.exists()
    reshape_scenario(manager, "A", "sme", replace(shape, caps=None, name="PME et ETI"))
    found = scenarios_of("A").get("sme")
    assert found is not None
    assert found.caps == (Cap(1, 30),)


def test_codes_come_out_of_names_and_none_is_taken_twice() -> None:
    assert code_of("Relance à l’échéance, ferme !", set(), "step") == "relance_a_lecheance_ferme"
    assert code_of("!!!", {"step"}, "step") == "step_2"
    assert len(code_of("x" * 90, set(), "step")) == 32
    taken = {"x" * 32, *(f"{'x' * 30}_{number}" for number in range(2, 10))}
    assert code_of("x" * 90, taken, "step") == f"{'x' * 29}_10", "what is stored of it is what is compared"


@pytest.fixture
def shorter(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on a replay looks at its last two weeks, where that shows what a month would: a day costs most."""
    whole = replaying.window
    return lambda: monkeypatch.setattr(replaying, "window", lambda start, end: whole(start, end)[-10:])


@pytest.mark.one_database
def test_a_replay_is_asked_for_done_kept_and_taken_along(manager: Actor, shorter: Callable[[], None]) -> None:
    assert show_backtest(_viewing(manager), "A", "sme").kept is None
    with pytest.raises(CallError):
        ask_replay(manager, "A", Asked("sme", 7))
    assert ask_replay(manager, "A", Asked("sme", 1))
    assert not ask_replay(manager, "A", Asked("sme", 1)), "one at a time"
    assert show_backtest(_viewing(manager), "A", "sme").under_way is not None
    run = Run.objects.get(name=TRIED)
    replay_scenario(manager, run.pk)
    found = show_backtest(_viewing(manager), "A", "sme")
    assert found.kept is not None
    assert found.under_way is None
    figures = found.kept.summary["figures"]
    assert figures["actions"] == found.count > 0
    assert sum(row["messages"] for row in found.kept.summary["steps"]) == figures["actions"]
    assert sum(row["messages"] for row in found.kept.summary["months_list"]) == figures["actions"]
    assert found.counts["collisions"] == figures["collisions"]
    kept, rows = backtest_rows(_viewing(manager), "A", "sme")
    assert kept is not None
    assert len(rows) == figures["actions"]
    assert {row.name for row in rows} <= {f"Client {name}" for name in HABITS}
    add_step(manager, "A", "sme", _typed())
    assert show_backtest(_viewing(manager), "A", "sme").kept.outdated  # type: ignore[union-attr]  # it is kept
    assert ask_replay(manager, "A", Asked("sme", 1))
    shorter()
    replay_scenario(manager, Run.objects.filter(state="waiting").get().pk)
    assert Run.objects.filter(name=TRIED).count() == 1, "the last one stays"


@pytest.mark.one_database
def test_two_ladders_are_compared_on_the_same_customers(manager: Actor, shorter: Callable[[], None]) -> None:
    shorter()
    assert ask_replay(manager, "A", Asked("sme", 1, "key_account"))
    replay_scenario(manager, Run.objects.get(state="waiting").pk)
    found = show_comparison(_viewing(manager), "A", "sme")
    assert found.kept is not None
    told = found.kept.summary
    figures = {row[0]: row[1:] for row in told["figures"]}
    assert figures["actions"][0] > 0
    assert figures["automatic"][1] == 0, "nothing leaves a key account by itself"
    assert {row["scenario"] for table in told["tables"] for row in table["steps"]} == {"sme"}
    assert "key_account" in [code for code, _names in found.others]
    with pytest.raises(CallError):
        ask_replay(manager, "A", Asked("sme", 1, "version:9"))


def test_who_sees_a_part_replays_nothing(manager: Actor) -> None:
    with pytest.raises(NotAllowedError):
        ask_replay(person("seller", "sales", "A"), "A", Asked("sme", 1))


def test_an_experiment_is_started_on_the_page_and_says_whom_it_leaves_alone(manager: Actor) -> None:
    with pytest.raises(CallError) as caught:
        start_hold_out(manager, "A", "sme", TypedExperiment("80", "lots", "3", "nothing", " "))
    assert set(_faults(caught)) == {"share", "amount_max", "days", "step", "why"}
    code = start_hold_out(manager, "A", "sme", TypedExperiment("50", "1 000 000,00", "21", "", "does it help?"))
    assert code.startswith("sme_")
    plan_dunning(job("test"), ["A"])
    page = show_scenario_experiments(_viewing(manager), "A", "sme")
    assert page.running is not None
    drawn = ExperimentUnit.objects.filter(arm=HELD_OUT)
    assert {one.customer_id for one in page.held_out} == set(drawn.values_list("customer_id", flat=True))
    withheld = PlannedAction.objects.filter(state=PlannedAction.State.WITHHELD)
    assert {one.customer_id for one in page.held_out if one.today} == set(
        withheld.values_list("customer_id", flat=True)
    )
