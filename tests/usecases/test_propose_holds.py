"""An order hold of a scenario: announced to sales, then a task of the credit manager that says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from encours.store.models import Customer, Message, PlannedAction, Role, StepNotice, Task, Touch, User
from encours.store.rights import actor_of, job
from encours.usecases import clock
from encours.usecases.answer_notice import answer_notice
from encours.usecases.manage_scenarios import save_scenario, switch_scenario
from encours.usecases.outbox import mark_sent
from encours.usecases.plan_dunning import plan_dunning
from tests.kept import import_once
from tests.usecases.mailing import keep, late_book, make_mail_ready, to_server

pytestmark = pytest.mark.django_db

_STEP = {
    "code": "hold", "names": {"en": "Order hold"}, "level": 1, "anchor": "due", "days": 2, "channel": "order_hold",
    "template": "step_notice", "mode": "task",
}  # fmt: skip


@pytest.fixture
def seller(tmp_path: Path, settings: Any) -> User:
    settings.HOME = tmp_path / "home"
    book = late_book(1)
    owned = book.customers.with_columns(sales_owner=pl.lit("Ines"))
    import_once(replace(book, customers=owned), tmp_path / "book")
    make_mail_ready()
    to_server(1)
    made = [("seller", "Ines", Role.Kind.SALES), ("boss", "Bo", Role.Kind.CREDIT_MANAGER)]
    for name, first, kind in made:
        user = User.objects.create_user(name, f"{name}@example.com", first_name=first, language="en")
        Role.objects.create(user=user, entity_id="A", kind=kind)
    plan_dunning(job("test"))
    data = {"code": "holds", "names": {"en": "Holds"}, "priority": 1, "segment": [], "steps": [_STEP]}
    save_scenario(job("test"), "A", data)
    switch_scenario(job("test"), "A", "holds", "on")
    return User.objects.get(username="seller")


def _goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice leaves, and its hours pass."""
    mark_sent(Message.objects.get(template="step_notice"), clock.now())
    now = clock.now() + timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "today", lambda: now.date())
    plan_dunning(job("test"))


def test_without_an_answer_the_credit_manager_is_asked_once(seller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_dunning(job("test"))
    assert StepNotice.objects.get().asked_of == seller
    assert not Task.objects.exists()
    _goes_on(monkeypatch)
    task = Task.objects.get(kind="decide_order_hold")
    assert (task.owner_role, task.customer_id) == ("credit_manager", Customer.objects.first().customer_id)
    assert "2,010.00" in task.detail
    assert "did not object" in task.detail
    assert set(Touch.objects.values_list("channel", "level")) == {("order_hold", "hold")}
    assert PlannedAction.objects.get(channel="order_hold").outcome == "proposed"
    plan_dunning(job("test"))
    assert Task.objects.filter(kind="decide_order_hold").count() == 1


def test_an_objection_waits_for_its_decision(seller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_dunning(job("test"))
    until = clock.today() + timedelta(days=20)
    answer_notice(actor_of(seller), StepNotice.objects.get().pk, True, reason="they pay on Friday", until_on=until)
    _goes_on(monkeypatch)
    assert not Task.objects.filter(kind="decide_order_hold").exists()


def test_in_test_mode_nothing_is_proposed(seller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_dunning(job("test"))
    keep("mail.test_mode", True)
    _goes_on(monkeypatch)
    assert not Task.objects.filter(kind="decide_order_hold").exists()
