"""A language that people add: begun with the English words, used only where a whole message can be said in it."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

from encours.core.base.issue import CallError
from encours.store.models import Contact, Customer, Message, MessageTemplate, PlannedAction, PlannedLine
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.added_languages import UNTRANSLATED
from encours.usecases.compose_message import compose_message, preview_template
from encours.usecases.edit_template import restore_shipped, save_template, template_of
from encours.usecases.frame_words import english, missing, needed, save_frame
from encours.usecases.message_files import read_file
from encours.usecases.message_template import shipped
from encours.usecases.rights import Actor, NotAllowedError
from encours.usecases.show_wording import show_wording
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import person
from tests.usecases.letter_cases import a_customer, an_invoice, workshop
from tests.usecases.mailing import load_late, plan_action

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
_MAIL = "Guten Tag,\n\nseit {{ oldest_due }} offen: {{ total }}.\n\n{{ table }}\n\n{{ payment }}\n\n{{ sender.name }}"
_LETTER = "Sehr geehrte Damen und Herren,\n\n{{ items_remain }}: {{ total_with_penalties }}.\n\n---\n\n{{ running }}"


@pytest.fixture
def manager() -> Actor:
    return person("manager", "credit_manager", "A")


def _german(use: str = "letter") -> dict[str, str]:
    """Invented German: every word is recognised in what leaves, and keeps its values."""
    return {key: f"De {english()[key]}" for key in needed(use)}  # type: ignore[arg-type]  # one of the two uses


def _reads_german(customer: str) -> None:
    Customer.objects.filter(customer_id=customer).update(language="de-AT")


def _drawn() -> Message:
    Message.objects.all().delete()
    PlannedAction.objects.all().delete()
    return compose_message(job("x"), plan_action("0").action_id)


def test_an_e_mail_leaves_in_an_added_language_once_nothing_of_it_lacks(manager: Actor, tmp_path: Path) -> None:
    load_late(tmp_path)
    _reads_german("A:0")
    english_mail = _drawn()
    assert (english_mail.language, "De Document" in english_mail.text) == ("en", False)
    save_template(manager, "reminder_firm", "de", "Mahnung {{ total }}", _MAIL, tone="firm", entity_id="A")
    assert _drawn().text == english_mail.text, "the words around it lack: all of it is English, dates too"
    some = _german("email")
    save_frame(manager, "A", "de", dict(list(some.items())[:-1]))
    assert len(missing("A", "de", "email")) == 1
    assert _drawn().language == "en"
    save_frame(manager, "A", "de", some)
    found = _drawn()
    assert (found.language, found.subject) == ("de", "Mahnung 2.010,00\u00a0€")
    for words in ("Guten Tag", "De Document", "De How to pay", "De Reference to quote"):
        assert words in found.text
    assert 'lang="de"' in found.html
    assert [one.name for one in found.files.all() if one.name.startswith("De")], "the file's name, too"
    assert compose_message(job("x"), plan_action("1").action_id).language == "en", "who reads English gets English"
    restore_shipped(manager, "reminder_firm", "de", entity_id="A")
    assert _drawn().text == english_mail.text


def test_a_contact_who_reads_it_gets_it_and_a_statement_stays_english_until_letters_can_be_said(
    manager: Actor, tmp_path: Path
) -> None:
    load_late(tmp_path)
    Contact.objects.filter(customer_id="A:0").update(language="de")
    save_template(manager, "reminder_firm", "de", "Mahnung {{ total }}", _MAIL, tone="firm", entity_id="A")
    save_frame(manager, "A", "de", _german("email"))
    assert "Statement of account" in _statement(_drawn())
    save_frame(manager, "A", "de", _german())
    assert "De Statement of account" in _statement(_drawn())


def _statement(message: Message) -> str:
    file = next(one for one in message.files.all() if one.name.endswith(".pdf"))
    pages = pypdf.PdfReader(BytesIO(read_file(file).content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_letter_is_printed_in_an_added_language_once_nothing_of_it_lacks(
    manager: Actor, tmp_path: Path, settings: Any
) -> None:
    settings.HOME = tmp_path
    workshop()
    customer = a_customer("Dupin")
    _reads_german(customer)
    item = an_invoice(customer, "F1", 1_200_000, date(2025, 6, 30))

    def printed() -> tuple[str, str]:
        Message.objects.all().delete()
        PlannedAction.objects.all().delete()
        action = PlannedAction.objects.create(
            entity_id="A", action_id="A:x", day=clock.today(), customer_id=customer, currency="EUR", scenario="sme",
            step="formal_notice", level=4, channel="registered_letter", template="formal_notice", tone="formal",
            mode="confirm", amount=1_200_000,
        )  # fmt: skip
        PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
        message = compose_message(job("x"), action.action_id)
        return message.language, _statement(message)

    language, page = printed()
    assert (language, "FORMAL NOTICE TO PAY" in page.upper()) == ("en", True)
    save_template(
        manager, "formal_notice", "de", "Letzte Mahnung", _LETTER, tone="formal", channel="letter", entity_id="A"
    )
    save_frame(manager, "A", "de", dict(list(_german().items())[1:]))
    assert printed()[0] == "en"
    save_frame(manager, "A", "de", _german())
    language, page = printed()
    assert language == "de"
    for words in ("Sehr geehrte Damen", "De FORMAL NOTICE", "De Article 1344", "De Articles L. 441-10",
                  "De Total to pay", "De Late-payment interest continues", "12.000,00"):  # fmt: skip
        assert words in page, words


def test_a_language_begins_with_the_english_words_and_says_how_far_it_is(manager: Actor, tmp_path: Path) -> None:
    load_late(tmp_path)
    _reads_german("A:0")
    viewing = Viewing(manager, manager.entities, clock.today())
    page = show_wording(viewing, "A", "", "fr")
    assert (page.languages.added, page.languages.wanted) == ([], [("de", 1)])
    page = show_wording(viewing, "A", "reminder_firm", "de")
    plain = shipped("reminder_firm", "en")
    assert page.opened is not None
    assert plain is not None
    assert (page.opened.origin, page.opened.language, page.opened.text) == (UNTRANSLATED, "de", plain.text)
    assert not MessageTemplate.objects.exists(), "nothing is kept by looking"
    with pytest.raises(CallError, match="English text still"):
        save_template(manager, "reminder_firm", "de", plain.subject, plain.text, entity_id="A")
    with pytest.raises(CallError, match="nonsense is not known"):
        save_template(manager, "reminder_firm", "de", "s", "{{ nonsense }}", entity_id="A")
    save_template(manager, "reminder_firm", "de", "s {{ total }}", _MAIL, entity_id="A")
    save_frame(manager, "A", "de", {"words.number": "Beleg"})
    (state,) = show_wording(viewing, "A", "", "de").languages.added
    assert (state.code, state.readers, state.messages[0], state.words) == ("de", 1, 1, (1, len(english())))
    assert (len(state.email_lacks), len(state.letter_lacks)) == (len(needed("email")) - 1, len(english()) - 1)
    shown = preview_template(job("x"), template_of("A", "reminder_firm", "de"), "A:0")
    assert "Beleg" in shown.words.text, "a preview says what there is"


def test_words_keep_their_values_and_every_fault_has_its_field(manager: Actor, tmp_path: Path) -> None:
    load_late(tmp_path)
    wrong = {"words.held_note": "ohne Betrag", "words.penalties_note": "{{ day }} {{ secret }}",
             "letters.statement.text": "kein Platz", "words.nothing": "x"}  # fmt: skip
    with pytest.raises(CallError) as caught:
        save_frame(manager, "A", "de", wrong)
    fields = {getattr(fault, "field", "") for fault in caught.value.faults}
    assert fields == set(wrong)
    mention = english()["words.legal_business"]
    for lost in ("L. 441-10", "D. 441-5", "€40"):
        with pytest.raises(CallError, match="must stand in it"):
            save_frame(manager, "A", "de", {"words.legal_business": mention.replace(lost, "")})
    save_frame(manager, "A", "de", {"words.legal_business": mention.replace("€40", "40 Euro")})
    for language in ("fr", "en", "xx"):
        with pytest.raises(CallError):
            save_frame(manager, "A", language, {"words.number": "x"})
    with pytest.raises(NotAllowedError):
        save_frame(person("one", "collector"), "A", "de", {"words.number": "x"})
    save_frame(manager, "A", "de", {"words.number": "Beleg"})
    save_frame(manager, "A", "de", {"words.number": "Beleg"})
    assert MessageTemplate.objects.count() == 2, "the same again changes nothing"
