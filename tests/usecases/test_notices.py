"""Notices to our own people: said by templates that users may write, tried on a real customer, never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from encours.core.base.issue import CallError
from encours.store.models import Customer, CustomerPosition, MessageTemplate, Role, Setting, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.edit_template import save_template
from encours.usecases.message_template import INTERNAL, names_of, shipped
from encours.usecases.preview_notice import preview_notice
from encours.usecases.rights import NotAllowedError
from encours.usecases.send_notices import DIGEST, MENTIONED, STEP_NOTICE, TASK_GIVEN, Notice, send_notices
from tests.usecases.clerks import person
from tests.usecases.letter_cases import a_customer, workshop

pytestmark = pytest.mark.django_db
_STEP = {"step": "Formal notice", "on": date(2026, 3, 4), "before": date(2026, 3, 4), "hours": 48}
_ROW = {"name": "Dupin", "account": "7", "overdue": "5 €", "oldest_days": 9, "asked": "settle it", "link": ""}


@pytest.fixture
def reader() -> User:
    workshop()
    workshop("B")
    a_customer("Dupin")
    user = User.objects.create_user("seller", "seller@example.com", first_name="Ines", language="en")
    Role.objects.create(user=user, entity_id="A", kind=Role.Kind.SALES)
    return user


def test_a_notice_is_said_by_the_shipped_template_with_a_link_only_where_our_address_is_known(reader: User) -> None:
    notice = Notice(STEP_NOTICE, "A", reader.pk, "A:Dupin", {"total": "12 €", "oldest_days": 3, "notice": _STEP})
    (message,) = send_notices([notice])
    assert message.subject == "In 48 hours: Formal notice, Société Dupin"
    assert "4 March 2026" in message.text
    assert "http" not in message.text
    assert message.purpose == "notice"
    Setting.objects.create(entity_id="A", key="mail.own_address", value="https://encours.example.com/")
    (message,) = send_notices([notice])
    assert "https://encours.example.com/my-customers/" in message.text
    assert 'href="https://encours.example.com/my-customers/one/A%3ADupin"' in message.html
    (asked,) = send_notices([replace(notice, bears="notice:7")])
    assert "/my-customers/one/A%3ADupin#notice-7" in asked.text, "the very answer"
    Setting.objects.filter(key="mail.own_address").update(value="http://encours.lan:8000")
    (message,) = send_notices([notice])
    assert 'href="http://encours.lan:8000/my-customers/one/A%3ADupin"' in message.html


def test_own_words_take_the_place_of_the_shipped_ones(reader: User) -> None:
    text = "{% for one in customers %}{{ one.name }} {{ one.overdue }}: {{ one.asked }}\n{% endfor %}"
    save_template(job("test"), "sales_digest", "en", "{{ count }} late", text, entity_id="A")
    data = {"customers": [_ROW], "count": 1, "total": "5 €"}
    (message,) = send_notices([Notice(DIGEST, "A", reader.pk, "", data)])
    assert message.subject == "1 late"
    assert "Dupin 5 €: settle it" in message.text


def test_a_scenario_may_name_a_template_of_its_own(reader: User) -> None:
    MessageTemplate.objects.create(
        entity_id="A", code="our_notice", channel="email", language="en", tone="neutral", changed_at=clock.now(),
        subject="Soon", text="{{ notice.step }}",
    )  # fmt: skip
    data = {"total": "12 €", "oldest_days": 3, "notice": _STEP}
    said = [
        send_notices([Notice(STEP_NOTICE, "A", reader.pk, "A:Dupin", data, code)])[0].subject
        for code in ("our_notice", "nobody_wrote_it")
    ]
    assert said == ["Soon", "In 48 hours: Formal notice, Société Dupin"]


def test_a_notice_leaves_even_where_own_words_cannot_be_said(reader: User) -> None:
    MessageTemplate.objects.create(
        entity_id="A", code="mention", channel="email", language="en", tone="neutral", changed_at=clock.now(),
        subject="{{ total }}", text="kept before its names were checked",
    )  # fmt: skip
    (message,) = send_notices([Notice(MENTIONED, "A", reader.pk, "A:Dupin", {"comment": "see {{ this }}"})])
    assert "see {{ this }}" in message.text


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("sales_digest", "{{ customer.name }}", "customer is not known"),
        ("sales_digest", "{% for one in customers %}{{ one.phone }}{% endfor %}", "one has no phone"),
        ("step_notice", "{{ notice.when }}", "notice has no when"),
        ("mention", "{{ items }}", "items is not known"),
        ("reminder_firm", "{{ author.name }}", "author is not known"),
    ],
)
def test_what_a_notice_does_not_know_is_refused_on_saving(reader: User, code: str, text: str, said: str) -> None:
    with pytest.raises(CallError, match=said):
        save_template(job("test"), code, "en", "Subject", text, entity_id="A")
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("code", list(INTERNAL))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_notice_is_tried_on_a_real_customer(reader: User, code: str, language: str) -> None:
    CustomerPosition.objects.create(
        entity_id="A", customer_id="A:Dupin", currency="EUR", day=clock.today(), name="Société Dupin", balance=900,
        not_due=0, d1_30=900, d31_60=0, d61_90=0, d91_plus=0, overdue=900, credits=0, unapplied=0, open_items=1,
        exposure=900, oldest_due_on=clock.today() - timedelta(days=9),
    )  # fmt: skip
    Customer.objects.update(sales_owner="Ines")
    source = shipped(code, language)
    assert source is not None
    to, words = preview_notice(job("test"), source, "A:Dupin")
    assert to == "seller@example.com"
    assert "Société Dupin" in words.subject + words.text
    assert set(names_of(code)) >= {"recipient", "sender", "link"}
    with pytest.raises(NotAllowedError):
        preview_notice(person("stranger", "collector", "B"), source, "A:Dupin")


def test_a_task_about_nobody_names_the_company(reader: User) -> None:
    data = {"task": {"title": "", "kind": "call_back", "due_on": clock.today()}}
    (message,) = send_notices([Notice(TASK_GIVEN, "A", reader.pk, "", data)])
    assert message.subject == "A task for you: Call back"
    assert "Meuleton SAS" in message.text
