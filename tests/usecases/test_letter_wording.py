"""Letters in the user's own words: per tone and language, on the page that is printed, inside the frame that stays."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

from encours.core.base.issue import CallError
from encours.store.models import MessageTemplate, PlannedAction, PlannedLine
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.compose_letter import letter_for
from encours.usecases.edit_template import restore_shipped, save_template
from encours.usecases.letter_parts import letter_data
from encours.usecases.letter_wording import list_letters, preview_letter, ready_letter
from encours.usecases.look_at_letter import planned_letter
from encours.usecases.manage_scenarios import install_scenarios
from encours.usecases.message_template import faults
from encours.usecases.rights import Actor, NotAllowedError
from tests.usecases.clerks import person
from tests.usecases.letter_cases import a_customer, an_invoice, workshop

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
_OWN = """Bonjour,

{{ items_remain }} : {{ total_with_penalties }} avant le {{ pay_by }}.

---

Merci, {{ customer.name }}.
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def manager() -> Actor:
    workshop()
    install_scenarios("A")
    return person("manager", "credit_manager", "A")


def _planned(template: str = "formal_notice", tone: str = "formal", **more: Any) -> PlannedAction:
    customer = a_customer("Dupin", **more)
    action = PlannedAction.objects.create(
        entity_id="A", action_id="A:x", day=clock.today(), customer_id=customer, currency="EUR", scenario="sme",
        step=template, level=4, channel="registered_letter", template=template, tone=tone, mode="confirm",
        amount=1_200_000,
    )  # fmt: skip
    item = an_invoice(customer, "F1", 1_200_000, date(2025, 6, 30))
    PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
    return action


def _save(actor: Actor, text: str = _OWN, tone: str = "formal", **more: str) -> MessageTemplate:
    told = {"code": "formal_notice", "language": "fr", "subject": "À régler : {{ total_with_penalties }}"} | more
    return save_template(actor, **told, text=text, tone=tone, channel="letter", entity_id="A")  # type: ignore[arg-type]  # each is a text


def test_the_letter_says_the_users_words_and_its_frame_says_what_the_law_asks_for(manager: Actor) -> None:
    action = _planned()
    before = letter_data(letter_for(action))
    _save(manager, "Un mot.")
    after = letter_data(letter_for(action))
    assert after["before"] + after["after"] == ["Un mot."]
    for part in ("mentions", "heading", "penalties", "claim", "payment", "signature", "items", "recipient"):
        assert after[part] == before[part], f"{part} stays"
    found = planned_letter(job("test"), action.pk)
    assert found is not None
    page = " ".join(pypdf.PdfReader(BytesIO(found[1])).pages[0].extract_text().split())
    assert "Un mot." in page
    assert "MISE EN DEMEURE DE PAYER" in page.upper()


def test_sums_and_days_in_the_words_are_those_of_the_letter_around_them(manager: Actor) -> None:
    action = _planned()
    ready = letter_data(letter_for(action))
    _save(manager)
    own = letter_data(letter_for(action))
    total = ready["claim"][-1][1]
    assert own["subject"] == f"À régler : {total}"
    assert own["before"] == [
        "Bonjour,",
        f"la facture ci-dessous reste : {total} avant le {ready['payment']['rows'][1][1]}.",
    ]
    assert own["after"] == ["Merci, Société Dupin."]


def test_the_ready_text_as_a_template_says_the_same_letter(manager: Actor) -> None:
    action = _planned()
    ready = letter_data(letter_for(action))
    source = ready_letter("formal_notice", "fr", "formal")
    _save(manager, source.text, subject=source.subject)
    assert letter_data(letter_for(action)) == ready
    for one in list_letters(manager, "A"):
        assert faults(one) == [], one.code


def test_words_of_the_steps_own_tone_go_before_those_of_another(manager: Actor) -> None:
    action = _planned(tone="firm")
    _save(manager, "Formellement.", tone="formal")
    _save(manager, "Fermement.", tone="firm")
    assert letter_data(letter_for(action))["after"] == ["Fermement."]
    tones = {(one.code, one.language, one.tone, one.origin) for one in list_letters(manager, "A")}
    assert {("formal_notice", "fr", "formal", "own"), ("formal_notice", "fr", "firm", "own")} <= tones
    assert restore_shipped(manager, "formal_notice", "fr", tone="firm", channel="letter", entity_id="A") == 1
    assert letter_data(letter_for(action))["after"] == ["Formellement."]


def test_what_a_letter_does_not_know_is_refused_and_nothing_is_kept(manager: Actor) -> None:
    with pytest.raises(CallError) as caught:
        _save(manager, "Bonjour {{ works }}\n\n{{ payment }}\n{% include 'x' %}")
    assert not MessageTemplate.objects.exists()
    assert caught.value.faults
    with pytest.raises(CallError) as caught:
        _save(manager, "Bonjour {{ works }}\n\n{{ payment }}")
    assert [one.split(";")[0] for one in caught.value.faults] == [
        "text, line 1: works is not known", "text, line 3: payment is not known"
    ]  # fmt: skip
    with pytest.raises(NotAllowedError):
        _save(person("collector", "collector", "A"))


def test_a_customers_name_is_no_template(manager: Actor) -> None:
    action = _planned(name="Société {{ total }} {% if %}")
    _save(manager)
    assert letter_data(letter_for(action))["after"] == ["Merci, Société {{ total }} {% if %}."]


def test_the_page_is_shown_before_it_is_saved_without_address_and_signatory(manager: Actor) -> None:
    action = _planned(address=None)
    source = ready_letter("formal_notice", "fr", "formal")
    shown = preview_letter(manager, source, action.customer_id)
    assert shown.count >= 1
    assert shown.pictures[0].startswith(b"\x89PNG")
    assert not MessageTemplate.objects.exists()
    with pytest.raises(NotAllowedError):
        preview_letter(manager, source, "B:nobody")
    with pytest.raises(CallError):
        preview_letter(manager, source, a_customer("Rien"))
