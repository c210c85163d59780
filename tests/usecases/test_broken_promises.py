"""Broken promises: the plan and the screen say the same, and a payment that is taken back opens their task again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from encours.core.dunning.facts import facts
from encours.core.dunning.known import Known
from encours.core.dunning.scenario import Scenarios
from encours.store import audit, parquet
from encours.store.models import Item, PromiseResult, Task
from encours.store.rights import Actor, job
from encours.usecases.import_files import import_now
from encours.usecases.judge_promises import judge_promises
from encours.usecases.manage_tasks import close_task
from encours.usecases.record_promise import record_promise
from tests.usecases.books import folder
from tests.usecases.clerks import a_receipt, load_desk, person, two_entities
from tests.usecases.conftest import OnDay
from tests.usecases.promised import bank_reaches, money_came, taken_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def collector(tmp_path: Path, settings: Settings, on: OnDay) -> Actor:
    """Of the clerk's day, imported on a Monday in May; everything is late."""
    settings.HOME = tmp_path / "home"
    on(date(2026, 5, 4))
    load_desk(tmp_path)
    return person("collector", "collector")


def test_the_call_is_there_again_where_the_late_payment_is_taken_back(
    collector: Actor, tmp_path: Path, on: OnDay
) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1"])
    on(date(2026, 5, 20))
    bank_reaches(tmp_path, date(2026, 5, 19))
    money_came(tmp_path, "late", "F1", 100_000, date(2026, 5, 20))
    judge_promises(job("test"), ["A"])
    assert not Task.objects.filter(kind="promise_broken").exists(), "paid before anybody had to call"

    record_promise(collector, "A:0", date(2026, 5, 21), key="q", items=["A:F2"])
    on(date(2026, 5, 28))
    bank_reaches(tmp_path, date(2026, 5, 27))
    judge_promises(job("test"), ["A"])
    task = Task.objects.get(kind="promise_broken")
    money_came(tmp_path, "cheque", "F2", 50_000, date(2026, 5, 28))
    judge_promises(job("test"), ["A"])
    task.refresh_from_db()
    assert task.state == "dropped"

    on(date(2026, 5, 30))
    taken_back(tmp_path, "cheque", "F2", 50_000, date(2026, 5, 30))
    assert Item.objects.get(item_id="A:F2", is_current=True).open == 50_000
    before = audit.verify().entries
    judge_promises(job("test"), ["A"])
    judge_promises(job("test"), ["A"])
    task.refresh_from_db()
    assert (task.state, task.outcome, task.closed_at, task.item_id) == ("open", "", None, "A:F2")
    assert task.due_on == date(2026, 6, 1), "the next worked day"
    assert audit.verify().entries == before + 1, "once"

    close_task(collector, task.pk, "called")
    judge_promises(job("test"), ["A"])
    task.refresh_from_db()
    assert task.state == "done", "what a person closed stays closed"


def broken_for_the_plan(day: date) -> set[str]:
    """The promises that the planner takes for broken, read off the same book."""
    return set(facts(parquet.read_book(["A"]), day, Known(), Scenarios(())).broken["promise_id"])


def broken_on_screen() -> set[str]:
    return set(PromiseResult.objects.filter(state__in=("broken", "partly")).values_list("promise_id", flat=True))


def test_the_planner_takes_for_broken_what_the_screen_calls_broken(collector: Actor, tmp_path: Path, on: OnDay) -> None:
    record_promise(collector, "A:0", date(2026, 5, 6), key="p", items=["A:F1", "A:F2"])
    record_promise(collector, "A:1", date(2026, 5, 6), key="q", items=["A:F3"], amount=20_000)
    money_came(tmp_path, "fee", "F1", 99_600, date(2026, 5, 6))
    on(date(2026, 5, 20))
    judge_promises(job("test"), ["A"])
    assert broken_for_the_plan(date(2026, 5, 20)) == broken_on_screen() == set(), "the bank's data ends before"
    bank_reaches(tmp_path, date(2026, 5, 19))
    judge_promises(job("test"), ["A"])
    assert broken_for_the_plan(date(2026, 5, 20)) == broken_on_screen() == {"A:encours-p-2", "A:encours-q-1"}
    loose = two_entities([], receipts=[a_receipt("A", "loose", 20_000, booked_on=date(2026, 5, 7), customer_id="A:1")])
    import_now(job("test"), None, [folder(loose, tmp_path / "loose")])
    judge_promises(job("test"), ["A"])
    assert broken_for_the_plan(date(2026, 5, 20)) == broken_on_screen() == {"A:encours-p-2"}, "it waits to be applied"
