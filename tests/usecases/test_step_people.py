"""Who writes, signs and gets what a step sends: the people whom its roles mean, in letters as in e-mails."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.core.base.issue import CallError
from encours.store.models import Contact, Customer, Message, MessageTemplate, PlannedAction, PlannedLine, Role, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.compose_letter import letter_for
from encours.usecases.compose_message import compose_message, preview_message
from encours.usecases.letter_parts import letter_data
from encours.usecases.log_contact import Logged, log_contact
from encours.usecases.print_letters import print_letters
from tests.usecases.letter_cases import a_customer, an_invoice, workshop

pytestmark = pytest.mark.django_db
_FINANCE = {"email": "daf@meuleton.example", "name": "Aline Roux", "title": "Directrice financière",
            "delegation": "acte du 2 janvier 2025"}  # fmt: skip
_CREDIT = {"email": "credit@meuleton.example", "name": "Karim Petit", "title": "Responsable crédit",
           "delegation": "pouvoir du 3 mars 2025"}  # fmt: skip


def person(email: str, name: str, kind: Role.Kind | None = None) -> User:
    first, _, last = name.partition(" ")
    user = User.objects.create_user(email, email, first_name=first, last_name=last)
    if kind:
        Role.objects.create(user=user, entity_id="A", kind=kind)
    return user


def step_of(customer: str, **more: Any) -> PlannedAction:
    """A planned step about one late invoice; letter or e-mail as `more` says."""
    number = f"F{PlannedAction.objects.count()}"
    item = an_invoice(customer, number, 1_200_000, date(2025, 6, 30))
    facts = {
        "action_id": f"A:{number}", "day": clock.today(), "currency": "EUR", "scenario": "s", "step": "formal",
        "level": 4, "channel": "letter", "template": "formal_notice", "formal": True, "mode": "confirm",
        "sender": "credit_manager", "signatory": "credit_manager", "to": ["accounts_payable"], "amount": item.amount,
    } | more  # fmt: skip
    action = PlannedAction.objects.create(entity_id="A", customer_id=customer, **facts)
    PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
    return action


def signature(action: PlannedAction) -> list[str]:
    found: list[str] = letter_data(letter_for(action))["signature"]
    return found


def test_the_signatory_role_of_the_step_signs_with_the_delegation_whatever_the_template_is_called() -> None:
    workshop(letters__signatories=[_FINANCE | {"role": "cfo"}, _CREDIT | {"role": "credit_manager"}])
    customer = a_customer("Dupin")
    for template in ("formal_notice", "public_letter", "our_own_words"):
        of_cfo = signature(step_of(customer, template=template, signatory="cfo"))
        assert of_cfo == ["Aline Roux", "Directrice financière", "Par délégation : acte du 2 janvier 2025"]
        assert signature(step_of(customer, template=template))[0] == "Karim Petit"
    gentle = step_of(customer, template="reminder_friendly", formal=False, signatory=None)
    assert "Karim Petit" not in signature(gentle)


def test_a_signatory_who_is_named_for_no_role_is_the_user_who_has_it_or_the_only_one() -> None:
    workshop(letters__signatories=[_FINANCE, _CREDIT])
    customer = a_customer("Dupin")
    with pytest.raises(CallError, match="nobody in the settings signs as credit manager: name who does"):
        signature(step_of(customer))
    person("credit@meuleton.example", "Karim Petit", Role.Kind.CREDIT_MANAGER)
    assert signature(step_of(customer))[0] == "Karim Petit"
    with pytest.raises(CallError, match="nobody in the settings signs as cfo"):
        signature(step_of(customer, signatory="cfo"))
    with pytest.raises(CallError, match="nobody in the settings signs as cfo"):
        preview_message(job("x"), step_of(customer, signatory="cfo", channel="email").action_id)


def test_a_formal_e_mail_is_signed_by_the_signatory_and_answered_to_who_writes() -> None:
    workshop(letters__signatories=[_CREDIT], mail__sender={"address": "compta@meuleton.example", "reply_to": "writer"})
    customer = a_customer("Dupin")
    person("boss@meuleton.example", "Zoé Blanc", Role.Kind.CREDIT_MANAGER)
    made = preview_message(job("x"), step_of(customer, channel="email", signatory="cfo").action_id)
    assert "Karim Petit\nResponsable crédit\nPar délégation : pouvoir du 3 mars 2025\nMeuleton SAS" in made.words.text
    assert "Karim Petit" in made.writer.address
    assert made.writer.reply_to == "boss@meuleton.example"
    MessageTemplate.objects.create(
        code="formal_notice", channel="email", language="fr", tone="formal", changed_at=clock.now(),
        subject="Mise en demeure", text="Payez.",
    )  # fmt: skip
    with pytest.raises(CallError, match="template formal_notice has no place for who signs"):
        preview_message(job("x"), step_of(customer, channel="email", signatory="cfo").action_id)


def test_the_sender_role_writes_letters_and_e_mails() -> None:
    workshop(letters__signatories=[_CREDIT])
    customer = a_customer("Dupin", collector="Léa Morin", sales_owner="sales@meuleton.example")
    person("lea@meuleton.example", "Léa Morin", Role.Kind.COLLECTOR)
    person("sales@meuleton.example", "Ines Faure", Role.Kind.SALES)
    manager = person("boss@meuleton.example", "Zoé Blanc", Role.Kind.CREDIT_MANAGER)
    second = person("boss2@meuleton.example", "Yann Roy", Role.Kind.CREDIT_MANAGER)
    for sender, name in (("collector", "Léa Morin"), ("sales_owner", "Ines Faure"), ("credit_manager", "Zoé Blanc")):
        facts = {"sender": sender, "formal": False, "template": "reminder_firm", "signatory": None}
        assert signature(step_of(customer, **facts))[0] == name
        mail = preview_message(job("x"), step_of(customer, channel="email", **facts).action_id)
        assert mail.writer.name == name
        assert name in mail.words.text
    given = step_of(customer, formal=False, template="reminder_firm", signatory=None, assigned_to=second)
    assert signature(given)[0] == "Yann Roy"
    manager.is_active = second.is_active = False
    manager.save()
    second.save()
    assert signature(step_of(customer, formal=False, template="reminder_firm", signatory=None)) == ["Meuleton SAS"]


def test_a_letter_goes_to_the_roles_of_its_step() -> None:
    workshop(letters__signatories=[_CREDIT])
    customer = a_customer("Dupin")
    Customer.objects.update(kind="business")
    facts = {"customer_id": customer, "entity_id": "A"}
    Contact.objects.create(contact_id="A:boss", role="executive", name="Direction générale", **facts)
    home = Contact.objects.create(
        contact_id="A:cfo", role="cfo", name="Direction financière", address="1 rue du Siège\n75002 Paris", **facts
    )

    def window(*to: str) -> list[str]:
        found: list[str] = letter_data(letter_for(step_of(customer, to=list(to))))["recipient"]
        return found

    assert window("executive", "cfo")[1:] == ["Direction financière", "1 rue du Siège", "75002 Paris"]
    assert window("accounts_payable")[1] == "Comptabilité fournisseurs"
    home.delete()
    assert window("executive", "cfo")[1:] == ["Direction générale", "8 quai des Forges", "69002 Lyon"]
    assert window("site")[1] == "Comptabilité fournisseurs"


def test_whom_a_step_copies_is_told_once_its_letter_left_or_its_call_was_made() -> None:
    workshop(letters__signatories=[_CREDIT], mail__test_mode=False)
    customer = a_customer("Dupin", sales_owner="sales@meuleton.example")
    person("sales@meuleton.example", "Ines Faure", Role.Kind.SALES)
    call = step_of(customer, channel="call", mode="task", template="call_overdue", formal=False, cc=["sales_owner"])
    log_contact(job("x"), Logged(customer, "not_reached", "key00000001", action_id=call.action_id))
    assert not Message.objects.exists(), "nobody was reached: nothing was done yet"
    said = Logged(customer, "answered", "key00000002", detail="Vu avec M. Noir", action_id=call.action_id)
    call.state, call.snoozed_until = PlannedAction.State.PLANNED, None
    call.save()
    log_contact(job("x"), said)
    told = Message.objects.get()
    assert (told.to, told.purpose, told.template) == (["sales@meuleton.example"], "internal", "step_copied")
    assert "Vu avec M. Noir" in told.text
    assert "a été fait pour Société Dupin" in told.text
    needless = step_of(customer, template="reminder_firm", formal=False, cc=["sales_owner"])
    log_contact(job("x"), Logged(customer, "answered", "key00000003", action_id=needless.action_id))
    assert Message.objects.count() == 1, "a letter that was not sent is nobody's copy"
    letter = step_of(customer, template="reminder_firm", formal=False, mode="automatic", cc=["sales_owner"])
    compose_message(job("x"), letter.action_id)
    (batch,) = print_letters(job("x"), "A")
    assert batch.letters == 1
    (told,) = Message.objects.filter(template="step_copied").exclude(pk=told.pk)
    assert "est parti par courrier" in told.text
