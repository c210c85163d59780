"""The last look before a message leaves: what a customer said after it was approved, and contacts made meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from encours.core.base.days import bank_calendar
from encours.store.models import Contact, Customer, DunningScenario, Message, MessageEvent, PlannedAction, Setting
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.approve_messages import approve_messages
from encours.usecases.ask_firewall import Firewall, firewall_now
from encours.usecases.compose_message import compose_message
from encours.usecases.deciding import write_fact
from encours.usecases.recheck_messages import whys_not
from encours.usecases.send_messages import Way, send_messages
from tests.mail_servers import smtp_server
from tests.usecases.mailing import keep, load_late, now_due, plan_action, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load_late(tmp_path, 3)


def queued(number: str = "0", **more: object) -> Message:
    """A message of a customer, approved and past its ten minutes."""
    made = compose_message(job("test"), plan_action(number, **more).action_id)
    approve_messages(job("test"), [made.pk])
    now_due()
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("told", ["email", "all", "SMS, E-mail: email"])
def test_who_opts_out_between_approval_and_sending_gets_nothing(told: str) -> None:
    with smtp_server() as (port, inbox):
        to_server(port)
        made = queued()
        Contact.objects.filter(contact_id="A:c0").update(opt_out=told)
        assert send_messages().cancelled == 1
        assert inbox.taken == []
    made.refresh_from_db()
    assert (made.state, made.error) == ("cancelled", "compta0@client.example wants no more e-mails")
    action = PlannedAction.objects.get()
    assert (action.state, action.outcome) == ("superseded", "held")


def test_a_channel_is_asked_of_core_too() -> None:
    """A letter has no e-mail address to look at: that nobody wants letters any more is what the gate says."""
    made = compose_message(job("test"), plan_action().action_id)
    made.channel = "letter"
    row = {"contact_id": "A:c0", "customer_id": "A:0", "role": "accounts_payable", "name": "Comptabilité"}
    write_fact("contacts", {**row, "address": "1 rue du Port, 69000 Lyon", "opt_out": "letter"}, "A")
    wall = firewall_now("A", clock.today(), [made])
    assert whys_not([made], wall)[made.pk].startswith("Opted out of this channel")
    assert whys_not([made], Firewall())[made.pk] == "", "nothing else is in its way"


@pytest.mark.parametrize(("value", "why"), [
    ("confidential", ""), (" Confidential ", ""), ("CIF", "a sale to a factor"), ("mandate", "a sale to a factor"),
])  # fmt: skip
def test_a_sale_that_the_debtor_is_told_of_stops_the_message(value: str, why: str) -> None:
    made = compose_message(job("test"), plan_action().action_id)
    row = {"subject": "customer", "subject_id": "A:0", "kind": "factor:assigned", "value": value, "on": clock.today()}
    write_fact("events", row, "A")
    assert why in (found := whys_not([made], Firewall())[made.pk])
    assert bool(found) == bool(why)


def test_a_contact_made_in_the_same_minute_counts_for_the_cap() -> None:
    keep("dunning.cap", 1)
    with smtp_server() as (port, inbox):
        to_server(port)
        first, other = queued(), queued("1")
        second = queued("0", step="second", action_id="A|A:0|second")
        done = send_messages()
        assert (done.sent, done.cancelled) == (2, 1)
        assert len(inbox.taken) == 2
    states = {row.pk: row.state for row in Message.objects.all()}
    assert (states[first.pk], states[other.pk], states[second.pk]) == ("sent", "sent", "cancelled")
    second.refresh_from_db()
    assert second.error.startswith("1 contacts within 7 days")


def test_what_asks_for_nothing_leaves_whatever_the_cap_says() -> None:
    keep("dunning.cap", 1)
    with smtp_server() as (port, inbox):
        to_server(port)
        queued()
        queued("0", step="copy", action_id="A|A:0|copy", template="copy_wanted")
        assert send_messages().sent == 2
        assert len(inbox.taken) == 2


def test_a_message_waits_for_the_hours_of_its_step() -> None:
    today = clock.today().isoweekday()
    window = {"weekdays": [day for day in (1, 2, 3, 4, 5) if day != today]}
    step = {"code": "firm", "template": "reminder_firm", "channel": "email", "window": window}
    step |= {"days": 8, "level": 2, "mode": "confirm"}
    data = {"code": "sme", "names": {"en": "SME", "fr": "PME"}, "steps": [step]}
    DunningScenario.objects.create(code="sme", data=data, changed_at=clock.now())
    with smtp_server() as (port, inbox):
        to_server(port)
        made = queued()
        done = send_messages()
        assert (done.handled, inbox.taken) == (0, [])
        made.refresh_from_db()
        assert made.state == "queued"
        assert made.send_after is not None
        assert made.send_after > clock.now()
        assert MessageEvent.objects.filter(message=made, kind="waits").count() == 1
        DunningScenario.objects.update(data=data | {"steps": [step | {"window": None}]})
        now_due()
        assert send_messages().sent == 1


def _holiday_elsewhere() -> tuple[str, date]:
    """A country and a day ahead that is a holiday there on a worked day of France, with a worked day after it."""
    days = (clock.today() + timedelta(days=ahead) for ahead in range(1, 90))
    own = bank_calendar("FR")
    return next(
        (country, day) for day in days for country in ("AT", "ES", "GB", "US", "JP", "PL")
        if own.is_working(day) and own.is_working(day + timedelta(days=1))
        and day in bank_calendar(country).closed and day + timedelta(days=1) not in bank_calendar(country).closed
    )  # fmt: skip


def test_a_message_waits_for_the_end_of_the_customers_own_holiday(monkeypatch: pytest.MonkeyPatch) -> None:
    country, day = _holiday_elsewhere()
    Customer.objects.filter(customer_id="A:0").update(country=country)
    with smtp_server() as (port, inbox):
        to_server(port)
        week = {"weekdays": [1, 2, 3, 4, 5], "from": "00:00", "to": "23:59"}
        Setting.objects.filter(key="mail.window").update(value=week)
        monkeypatch.setattr(clock, "today", lambda: day)
        monkeypatch.setattr(clock, "now", lambda: datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        made, other = queued("0"), queued("1")
        assert send_messages().sent == 1
        made.refresh_from_db()
        other.refresh_from_db()
        assert (made.state, other.state, len(inbox.taken)) == ("queued", "sent", 1)
        assert made.send_after is not None
        after = day + timedelta(days=1)
        assert made.send_after.astimezone(clock.ZONE).date() == after
        said = MessageEvent.objects.get(message=made, kind="waits").detail
        assert said.startswith("a public holiday of the customer's country")
        monkeypatch.setattr(clock, "today", lambda: after)
        monkeypatch.setattr(clock, "now", lambda: datetime(after.year, after.month, after.day, 9, tzinfo=UTC))
        assert send_messages().sent == 1


def test_a_look_covers_some_messages_and_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer who opts out while others' mail leaves is seen at the next look, within the same round."""
    monkeypatch.setattr("encours.usecases.send_messages._LOOK_SECONDS", -1.0)
    with smtp_server() as (port, inbox):
        to_server(port)
        queued()
        last = queued("1")
        ways: dict[str, Way] = {}

        def going_on() -> bool:
            if inbox.taken:
                Contact.objects.filter(contact_id="A:c1").update(opt_out="email")
            return True

        done = send_messages(ways=ways, going_on=going_on)
        for way in ways.values():
            way.close()
        assert (done.sent, done.cancelled) == (1, 1)
    last.refresh_from_db()
    assert last.state == "cancelled"
