"""Chasing in Chromium: from an empty database to the first reminder that a customer gets, a promise, and its breach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encours.core.base.book import Book
from encours.store.models import Entity, Message, PlannedAction, PromiseResult, Role, Run, Setting, Touch, User
from encours.usecases import clock
from encours.usecases.import_files import import_now
from encours.usecases.judge_promises import judge_promises
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.replay_scenario import TRIED, replay_scenario
from encours.usecases.rights import job
from encours.usecases.send_messages import send_messages
from tests.browser.conftest import assert_accessible
from tests.mail_servers import smtp_server
from tests.usecases.books import folder, frame
from tests.usecases.mailing import load_late, now_due, to_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_from_an_empty_database_to_a_broken_promise(
    open_page: Callable[..., Page], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME = tmp_path / "home"
    user = User.objects.create(username="alice", email="alice@example.org", language="en", is_superuser=True)
    page = open_page(user=user, locale="en-GB")
    page.set_default_timeout(90_000)
    page.goto("/today/")
    page.get_by_role("heading", name="Nothing is planned for today yet").wait_for()
    load_late(tmp_path)
    Setting.objects.filter(key="mail.test_mode").delete()  # as a new entity has it: nothing leaves
    Role.objects.create(user=user, entity=Entity.objects.get(), kind="administrator")
    with smtp_server() as (port, inbox):
        to_server(port)
        _ask_before_sending(page)
        _a_step_more(page)
        _replay(page)
        _plan(page)
        _send_the_first(page)
        now_due()
        assert send_messages().sent == 1
    assert len(inbox.taken) == 1
    assert "F0" in str(inbox.taken[0].get_body(("plain",)))
    assert set(Touch.objects.values_list("level", flat=True)) == {"reminder_1"}
    _promise(page)
    _days_later(monkeypatch, 9)
    _the_bank_is_silent(tmp_path)
    judge_promises(job("test"))
    assert set(PromiseResult.objects.values_list("state", flat=True)) == {"broken"}
    plan_dunning(job("test"))
    _next_step_is_planned(page)


def _ask_before_sending(page: Page) -> None:
    """The first reminder shall be looked at by a person; then the scenario is activated and the test mode lifted."""
    page.goto("/scenarios/")
    page.get_by_role("button", name="Plan now").first.click()
    page.goto("/scenarios/sme/?step=reminder_1")
    assert_accessible(page)
    page.locator("form.step select[name=mode]").select_option("confirm")
    page.get_by_role("button", name="Keep the change").click()
    page.get_by_role("button", name="Activate").click()
    page.get_by_text("Active: what it plans may leave.").wait_for()
    page.goto("/outbox/")
    page.get_by_role("button", name="Lift the test mode").click()
    page.get_by_text("Test mode is lifted").wait_for()


def _a_step_more(page: Page) -> None:
    """A second call: what is wrong with it stands beside its field; then it is on the time line; then taken out."""
    page.goto("/scenarios/sme/?step=new")
    page.get_by_label("Name", exact=True).fill("Second call")
    page.get_by_label("Days", exact=True).fill("15")
    page.get_by_label("Level", exact=True).fill("2")
    page.locator("form.step select[name=channel]").select_option("call")
    page.get_by_role("button", name="Add the step").click()
    page.locator("#e-mode", has_text="A call is a task").wait_for()
    assert_accessible(page)
    page.locator("form.step select[name=mode]").select_option("task")
    page.get_by_role("button", name="Add the step").click()
    page.get_by_text("Step added").wait_for()
    days = page.locator(".cards .at").all_inner_texts()
    assert days == ["D\u22127", "D+3", "D+10", "D+13", "D+15", "D+20", "D+30", "D+45"]
    assert page.locator(".cards li.on .what").inner_text() == "Second call"
    page.get_by_role("button", name="Take the step out").click()
    page.get_by_text("Step taken out.").wait_for()


def _replay(page: Page) -> None:
    """The past month is asked for; the page shows it once the worker has done it."""
    page.goto("/scenarios/sme/?tab=backtest")
    page.locator("select[name=months]").select_option("1")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("heading", name="It is being worked out").wait_for()
    page.goto("/help/")  # one can leave the page
    replay_scenario(job("test"), Run.objects.get(name=TRIED).pk)
    page.goto("/scenarios/sme/?tab=backtest")
    page.get_by_text("Would have left", exact=True).wait_for()
    assert_accessible(page)


def _plan(page: Page) -> None:
    page.goto("/today/")
    page.get_by_role("button", name="Plan now").click()
    page.locator(".worklist [data-row]").nth(1).wait_for()
    assert_accessible(page)


def _send_the_first(page: Page) -> None:
    """By keyboard alone: choose, look, send; the next row comes by itself."""
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.locator("form.act .letter-words").wait_for()
    assert_accessible(page)
    first = page.locator("[data-row][aria-current=true] a[data-act=close]").inner_text()
    page.keyboard.press("Enter")  # the button has the focus
    page.locator("[data-done]").wait_for()
    page.locator("[data-row][aria-current=true] form.act, [data-row][aria-current=true] .desk").first.wait_for()
    assert first not in page.locator("[data-row][aria-current=true] th").first.inner_text()
    message = Message.objects.get()
    assert message.state == Message.State.QUEUED
    assert message.approved_by is not None
    page.goto("/outbox/?tab=leaving")
    page.get_by_role("button", name="Recall").wait_for()


def _promise(page: Page) -> None:
    """The second customer promises by telephone."""
    page.goto("/today/")
    page.keyboard.press("j")
    page.keyboard.press("p")
    field = page.get_by_label("Promised for")
    field.fill((clock.today() + timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Keep the promise").click()
    page.locator("[data-done]").wait_for()
    assert PromiseResult.objects.filter(state="pending").exists()


def _days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    day, now = clock.today() + timedelta(days=days), clock.now() + timedelta(days=days)

    def today() -> date:
        return day

    def moment() -> datetime:
        return now

    monkeypatch.setattr(clock, "today", today)
    monkeypatch.setattr(clock, "now", moment)


def _the_bank_is_silent(tmp_path: Path) -> None:
    """The bank's file of the days since: somebody else's money, none of the customer's."""
    day = clock.today()
    rows = [
        {"receipt_id": f"A:r{back}", "entity_id": "A", "account": "FR7612345987650123456789014", "amount": 700 + back,
         "booked_on": day - timedelta(days=back), "currency": "EUR", "kind": "transfer", "origin": "bank",
         "payer_name": "SOMEBODY ELSE"}
        for back in range(10)
    ]  # fmt: skip
    import_now(job("test"), None, [folder(Book.of(receipts=frame("receipts", rows)), tmp_path / "bank")])


def _next_step_is_planned(page: Page) -> None:
    promised = PromiseResult.objects.values_list("customer_id", flat=True).first()
    planned = PlannedAction.objects.filter(customer_id=promised, state=PlannedAction.State.PLANNED)
    assert "promise_broken" in set(planned.values_list("step", flat=True))
    page.goto("/today/")
    page.locator(".worklist", has_text="Promise not kept").wait_for()
    assert_accessible(page)


def test_the_phone_reaches_every_page_behind_more(
    open_page: Callable[..., Page], settings: Any, tmp_path: Path
) -> None:
    settings.HOME = tmp_path / "home"
    user = User.objects.create(username="alice", email="alice@example.org", language="en", is_superuser=True)
    page = open_page("phone", user=user, locale="en-GB")
    page.goto("/today/")
    assert page.locator(".bottom > a").count() == 4
    page.locator(".bottom summary").click()
    page.locator(".bottom .panel").get_by_role("link", name="Scenarios").click()
    page.wait_for_url("**/scenarios/")
    assert_accessible(page)
