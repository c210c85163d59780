"""A notice to sales counts from the moment it left; what waited too long in test mode is not released in a heap."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from encours.core.dunning.result import INTERNAL
from encours.store.models import Contact, Customer, Message, Role, Setting, StepNotice, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.ask_firewall import Firewall
from encours.usecases.dunning_known import _notices
from encours.usecases.outbox import mark_sent
from encours.usecases.recheck_messages import whys_not
from encours.usecases.send_messages import send_messages
from encours.usecases.tell_sales import tell_sales
from tests.mail_servers import smtp_server
from tests.usecases.letter_cases import a_customer, workshop
from tests.usecases.mailing import keep, make_mail_ready, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seller() -> User:
    workshop()
    a_customer("Dupin")
    Customer.objects.update(sales_owner="Ines")
    user = User.objects.create_user("seller", "seller@example.com", first_name="Ines", language="en")
    Role.objects.create(user=user, entity_id="A", kind=Role.Kind.SALES)
    return user


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    now = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "today", lambda: now.date())


def planned(owner: str = "Ines", kind: str = "notice") -> int:
    day = clock.today()
    row = {
        "entity_id": "A", "owner": owner, "customer_id": "A:Dupin", "currency": "EUR", "scenario": "sme",
        "step": "formal", "on": day, "goes_on": day + timedelta(days=2), "amount": 150_000, "items": [],
        "to": "sales_owner", "template": None, "kind": kind,
    }  # fmt: skip
    return tell_sales(job("test"), "A", pl.DataFrame([row], schema=INTERNAL), day)


def counted() -> list[datetime]:
    return _notices("A", clock.today())["asked_on"].to_list()


def test_in_test_mode_the_hours_do_not_run_and_what_is_old_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planned() == 1
    later(monkeypatch, 3)
    assert counted() == [clock.today()], "nobody was told: it counts from the day on which it leaves"
    assert planned() == 0, "it waits in the queue, once"
    assert StepNotice.objects.get().asked_at == clock.now()
    later(monkeypatch, 3)
    keep("mail.test_mode", False)
    (message,) = Message.objects.all()
    why = whys_not([message], Firewall())[message.pk]
    assert why == "it waited for more than four days: what it tells is old"


def test_a_notice_taken_back_is_given_anew_and_counts_from_its_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    planned()
    Message.objects.update(state="cancelled")
    assert counted() == [], "it never came anywhere"
    assert planned() == 1
    message = Message.objects.get(state="queued")
    later(monkeypatch, 1)
    left = clock.now()
    assert mark_sent(message, left)
    assert counted() == [left.date()]
    later(monkeypatch, 1)
    assert counted() == [left.date()]
    assert planned() == 0


def test_where_no_mail_is_sent_at_all_the_page_tells_and_the_hours_run(monkeypatch: pytest.MonkeyPatch) -> None:
    keep("mail.test_mode", False)
    begun = clock.today()
    planned()
    later(monkeypatch, 2)
    assert counted() == [begun]


def test_four_old_digests_are_cancelled_and_todays_leaves() -> None:
    with smtp_server() as (port, inbox):
        Setting.objects.all().delete()
        to_server(port)
        make_mail_ready()
        now = clock.now()
        for days in (28, 21, 14, 7, 0):
            Message.objects.create(
                entity_id="A", purpose="internal", channel="email", state="queued", to=["seller@example.com"],
                subject="Digest", text="x", step="digest", template="sales_digest", send_after=now,
                created_at=now - timedelta(days=days), approved_at=now,
            )  # fmt: skip
        done = send_messages()
        assert (done.sent, done.cancelled) == (1, 4)
        assert len(inbox.taken) == 1


@pytest.mark.parametrize("owner", ["paul@sales.example", "Paul"])
def test_an_owner_without_an_account_is_written_to_where_the_book_has_an_address(
    owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("mail.own_address", "https://encours.example.com")
    keep("mail.sender", {"address": "a@meuleton.example", "reply_to": "team", "team": "team@meuleton.example"})
    Contact.objects.create(
        entity_id="A", contact_id="A:s", customer_id="A:Dupin", role="sales_owner", name="Paul", language="en",
        email="paul@sales.example",
    )  # fmt: skip
    assert planned(owner) == 1
    assert planned(owner, "digest") == 1
    assert planned(owner, "digest") == 0, "once a week"
    notice, digest = Message.objects.order_by("created_at")
    assert notice.to == digest.to == ["paul@sales.example"]
    assert notice.reply_to == "team@meuleton.example", "a reply comes to people who read it"
    assert "encours.example.com" not in notice.text + digest.text, "without an account no page opens"
    left = clock.now()
    assert mark_sent(notice, left)
    later(monkeypatch, 1)
    assert counted() == [left.date()], "its hours run, too"


def test_who_wants_no_mails_or_stands_nowhere_is_written_to_by_nobody() -> None:
    assert planned("Nobody") == 0
    Contact.objects.create(
        entity_id="A", contact_id="A:s", customer_id="A:Dupin", role="sales_owner", email="n@sales.example",
        opt_out="oui",
    )  # fmt: skip
    assert planned("Nobody", "digest") == 0
    assert StepNotice.objects.count() == 1, "the credit manager sees it all the same"
