"""What to say on the telephone: the step's own words with live values, in the reader's and the customer's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from encours.core.dunning.ready import ready_scenarios
from encours.store.models import Contact, Item, MessageTemplate, PlannedAction, PlannedLine, User
from encours.store.rights import actor_of, job
from encours.usecases import clock
from encours.usecases.call_script import call_scripts, whom_to_ask
from encours.usecases.rights import NotAllowedError
from tests.usecases.letter_cases import a_customer, an_invoice, workshop

pytestmark = pytest.mark.django_db


def a_call(**more: Any) -> PlannedAction:
    """A call about one invoice of 1,200.00 that is 20 days late."""
    if not Item.objects.exists():
        an_invoice(a_customer("Dupin", name="Dupin SA"), "F1", 120_000, clock.today() - timedelta(days=20))
        Contact.objects.update(phone="04 78 00 00 01")
    facts = {
        "action_id": f"A:{PlannedAction.objects.count()}", "day": clock.today(), "currency": "EUR", "scenario": "s",
        "step": "call", "level": 2, "channel": "call", "template": "call_overdue", "mode": "task", "amount": 120_000,
        "to": ["accounts_payable"],
    } | more  # fmt: skip
    action = PlannedAction.objects.create(entity_id="A", customer_id="A:Dupin", **facts)
    PlannedLine.objects.create(action=action, item_id="A:F1", amount=120_000, held=0)
    return action


def told(action: PlannedAction, language: str = "fr", **more: Any) -> list[tuple[str, str, str]]:
    found = call_scripts(job("x"), action.action_id, language, **more)
    plain = str.maketrans("\u202f\xa0", "  ")
    return [(one.language, one.title.translate(plain), one.text.translate(plain)) for one in found]


def test_every_task_of_the_ready_made_scenarios_has_its_script_in_both_languages() -> None:
    workshop()
    tasks = {step.template for one in ready_scenarios().scenarios for step in one.steps if step.mode == "task"}
    assert {"call_overdue", "call_precheck", "call_escalation", "call_handover", "chorus_status"} <= tasks
    for template in sorted(tasks):
        action = a_call(template=template)
        ((language, title, text),) = told(action)
        (reader, _, english), theirs = told(action, "en")
        assert (language, reader, theirs) == ("fr", "en", ("fr", title, text))
        assert "F1" in text
        assert "1 200,00" in text
        assert "1,200.00" in english
        assert "{" not in text + english


def test_it_is_the_steps_own_words_and_names_whom_the_step_means() -> None:
    workshop()
    action = a_call(template="call_escalation", to=["cfo", "buyer"])
    ((_, title, text),) = told(action)
    assert title.startswith("Appel au décideur : Dupin SA")
    Contact.objects.create(
        contact_id="A:cfo", customer_id="A:Dupin", entity_id="A", role="cfo", name="Rémi Noir", phone="06 00 00 00 02"
    )
    assert [row.role for row in whom_to_ask(action)] == ["cfo", "accounts_payable"]
    assert [row.role for row in whom_to_ask(a_call())] == ["accounts_payable", "cfo"]
    assert "Rémi Noir (06 00 00 00 02)" in told(a_call(to=["cfo"]))[0][2]
    assert "Comptabilité fournisseurs (04 78 00 00 01)" in told(a_call(to=["accounts_payable", "cfo"]))[0][2]
    MessageTemplate.objects.create(
        code="call_escalation", channel="call", language="fr", tone="firm", changed_at=clock.now(),
        subject="Au décideur", text="1. {{ customer.name }} doit {{ total }}.",
    )  # fmt: skip
    ((_, title, text),) = told(action)
    assert (title, text.startswith("1. Dupin SA doit 1 200,00")) == ("Au décideur", True)


def test_who_calls_about_a_message_says_what_the_case_asks_for() -> None:
    workshop()
    mail = {"channel": "email", "mode": "confirm", "template": "reminder_firm"}
    assert told(a_call(**mail))[0][1].startswith("Appel : Dupin SA, 1 200,00")
    assert "non reçu" in told(a_call(**mail), broken=True)[0][1]
    assert "avant échéance" in told(a_call(**mail, level=0))[0][1]
    stranger = actor_of(User.objects.create_user("x", "x@example.com"))
    with pytest.raises(NotAllowedError):
        call_scripts(stranger, a_call().action_id, "fr")
