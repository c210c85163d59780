"""Hold-outs of an entity: who may start one, who is drawn, what it shows; effects learnt by night from both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.experiment import CHASED, HELD_OUT, Experiment, arm
from encours.core.dunning.reading import scenario_data
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.touched import evidence
from encours.store import parquet
from encours.store.models import AuditEntry, DunningEffects, ExperimentUnit, PlannedAction
from encours.store.rights import job
from encours.usecases.learn_effects import effects_of, learn_effects, own_levels
from encours.usecases.manage_scenarios import install_scenarios, save_scenario
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.rights import NotAllowedError
from encours.usecases.run_experiment import end_experiment, held_out, show_experiments, start_experiment
from encours.usecases.weigh_plan import levels_of
from tests.usecases.clerks import person
from tests.usecases.payers import DAY, HABITS, load, open_items, paying_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    book = paying_book({**HABITS, "wild": (30.0, 25.0)})
    written = pl.col("customer_id").is_in(["A:reliable", "A:wild"])
    items = book.items.filter(written).sort("item_id").gather_every(2)
    touches = items.select(
        touch_id=pl.format("T{}", "item_id"), customer_id="customer_id", item_id="item_id", channel=pl.lit("email"),
        level=pl.lit("1"), sent_on=pl.col("due_on").dt.offset_by("3d"),
    )  # fmt: skip
    load(tmp_path / "book", book.replace(touches=touches))


def trial() -> Experiment:
    """One that holds out `late` and chases `reliable`: what falls to whom hangs on the name alone."""
    codes = (f"spring{n}" for n in range(100))
    found = (Experiment(code, "sme", 0.5, 10**12) for code in codes)
    return next(one for one in found if arm(one, "A:late") == HELD_OUT and arm(one, "A:reliable") == CHASED)


def actions(book_items: pl.DataFrame) -> pl.DataFrame:
    late = book_items.filter(pl.col("due_on") < DAY)
    rows = late.group_by("customer_id").agg(amount=pl.col("open").sum(), items=pl.col("item_id").sort())
    return rows.sort("customer_id").with_columns(
        action_id=pl.format("{}/d10", "customer_id"), scenario=pl.lit("sme"), step=pl.lit("d10"), level=pl.lit(1),
        formal=pl.lit(value=False), channel=pl.lit("email"), currency=pl.lit("EUR"),
    )  # fmt: skip


def test_it_is_started_once_by_the_manager_and_ended_with_a_trace() -> None:
    manager = person("manager", "credit_manager", "A")
    with pytest.raises(NotAllowedError):
        start_experiment(person("collector", "collector", "A"), "A", trial(), "does it help?")
    with pytest.raises(CallError):
        start_experiment(manager, "A", trial(), " ")
    install_scenarios("A")
    with pytest.raises(CallError, match="key accounts are never held out"):
        start_experiment(manager, "A", Experiment("large", "key_account", 0.2, 10**9), "does it help?")
    assert start_experiment(manager, "A", trial(), "does it help?")
    assert not start_experiment(manager, "A", trial(), "does it help?")
    with pytest.raises(CallError):
        start_experiment(manager, "A", Experiment("other", "sme", 0.2, 10**9), "another of the same scenario")
    assert end_experiment(manager, "A", trial().code, "seen enough")
    assert not end_experiment(manager, "A", trial().code, "again")
    with pytest.raises(CallError):
        start_experiment(manager, "A", trial(), "a name is used once")
    acts = AuditEntry.objects.filter(subject=trial().code).order_by("number").values_list("act", flat=True)
    assert list(acts) == ["start_experiment", "end_experiment"]


def test_who_is_held_out_is_left_alone_for_its_days_and_chased_after() -> None:
    book = parquet.read_book(["A"])
    planned, known = actions(open_items(book)), book.as_of(DAY)
    assert {"A:late", "A:reliable"} <= set(planned["customer_id"])
    assert held_out("A", DAY, planned, known, {}) == set()  # off unless somebody starts one
    manager = person("manager", "credit_manager", "A")
    start_experiment(manager, "A", trial(), "does it help?")
    first = held_out("A", DAY, planned, known, {"A:late": "slipping"})
    assert "A:late/d10" in first
    assert "A:reliable/d10" not in first
    assert held_out("A", DAY, planned, known, {}) == first
    assert ExperimentUnit.objects.count() == planned.height
    unit = ExperimentUnit.objects.get(customer_id="A:late")
    assert (unit.arm, unit.profile, unit.entered_on) == (HELD_OUT, "slipping", DAY)
    last = DAY + timedelta(days=trial().days)
    assert "A:late/d10" in held_out("A", last - timedelta(days=1), planned, known, {})
    assert held_out("A", last, planned, known, {}) == set()
    shown = show_experiments(person("collector", "collector", "A"), "A", last)[0]
    assert shown.effect.says.startswith("Too little to say: ")
    end_experiment(manager, "A", trial().code, "enough")
    assert held_out("A", DAY, planned, known, {}) == set()


def test_effects_are_learnt_once_a_night_and_kept() -> None:
    assert effects_of("A").messages == 0
    done = learn_effects(job("test"), day=DAY)[0]
    assert done.messages > 2
    assert "% own evidence" in done.says
    assert learn_effects(job("test"), day=DAY)[0].same
    assert DunningEffects.objects.get(entity_id="A").says == done.says == effects_of("A").says()
    # Who pays on the fifteenth day whoever writes teaches little of messages.
    told = effects_of("A").payers.filter(pl.col("channel").is_null())
    weight = dict(told.select("customer_id", "messages").iter_rows())
    assert weight["A:wild"] > 2 * weight["A:reliable"]


def test_the_firmness_of_the_users_own_steps_is_theirs() -> None:
    install_scenarios("A")
    assert own_levels("A") == levels_of(ready_scenarios())
    boss = person("boss", "credit_manager", "A")
    ready = ready_scenarios().get("sme")
    assert ready is not None
    data = scenario_data(ready)
    steps = [dict(step) for step in data["steps"]]
    last = {**steps[-1], "code": "last_word", "level": 4}
    save_scenario(boss, "A", {**data, "steps": [*steps, last]})
    assert own_levels("A")["last_word"] == 4
    save_scenario(boss, "A", data)
    assert own_levels("A")["last_word"] == 4, "what left under it was as firm as it was then"
    firmer = [step | {"level": 2} if step["code"] == "reminder_1" else step for step in steps]
    save_scenario(boss, "A", {**data, "steps": firmer})
    assert own_levels("A")["reminder_1"] == 2
    book = parquet.read_book(["A"])
    firm = book.touches.with_columns(level=pl.lit("last_word"))
    nobody = pl.DataFrame(schema={"customer_id": pl.String, "profile": pl.String})
    seen = evidence(book.replace(touches=firm).as_of(DAY), DAY, nobody, own_levels("A"))
    assert set(seen["level"]) == {4}


def test_the_plan_of_the_day_ranks_by_worth_and_keeps_the_held_out_back() -> None:
    plan_dunning(job("test"), ["A"], day=DAY)
    rows = list(PlannedAction.objects.filter(entity_id="A").order_by("place"))
    assert rows
    asked = [row for row in rows if row.level > 0]
    assert all(row.euro_days > 0 and row.days_earlier is not None for row in asked)
    assert all(1 <= len(row.reasons) <= 3 and "days earlier on" in row.reasons[0] for row in asked)
    assert sum(row.euro_days for row in asked) == pytest.approx(
        sum((row.days_earlier or 0) * row.amount / 100 for row in asked)
    )
    one = asked[0]
    mine = (f"summer{n}" for n in range(100))
    drawn = (Experiment(code, one.scenario, 0.5, 10**12) for code in mine)
    back = next(trial for trial in drawn if arm(trial, one.customer_id) == HELD_OUT)
    start_experiment(person("manager", "credit_manager", "A"), "A", back, "does it help?")
    plan_dunning(job("test"), ["A"], day=DAY)
    assert PlannedAction.objects.get(action_id=one.action_id).state == PlannedAction.State.WITHHELD
    unit = ExperimentUnit.objects.get(customer_id=one.customer_id)
    assert (unit.arm, unit.amount) == (HELD_OUT, one.amount)
