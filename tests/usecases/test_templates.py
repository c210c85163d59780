"""Templates: shipped ones are sound in every language, own ones refused with the line, nothing of a customer's runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from encours.core.base.issue import CallError
from encours.store.models import MessageTemplate
from encours.store.rights import job
from encours.usecases import message_template
from encours.usecases.compose_message import compose_message, preview_template
from encours.usecases.edit_template import list_templates, restore_shipped, save_template, template_of
from encours.usecases.mail_settings import channel_fault, with_secrets
from encours.usecases.message_template import Block, Source, faults, render, sample, shipped
from encours.usecases.rights import NotAllowedError
from tests.usecases.clerks import person
from tests.usecases.mailing import load_late, plan_action

SHIPPED = [(code, language) for language in message_template.languages() for code in message_template.codes()]
FIRM = shipped("reminder_firm", "fr")
assert FIRM is not None


@pytest.mark.parametrize(("code", "language"), SHIPPED)
def test_what_is_shipped_is_sound_and_complete(code: str, language: str) -> None:
    source = shipped(code, language)
    assert source is not None, f"{code} has no {language}"
    assert faults(source) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n{{ customer.nam }}", "text, line 2: customer has no nam"),
        ("{{ customer.__class__ }}", "text, line 1: customer has no __class__"),
        ("\n\n{{ secret }}", "text, line 3: secret is not known"),
        ("{% for one in items %}\n{{ one.numbr }}{% endfor %}", "text, line 2: one has no numbr"),
        ("{% include 'x' %}", "text, line 1: unexpected tag 'include'"),
        ("{% render 'x' %}", "text, line 1: unexpected tag 'render'"),
        ("{{ customer.name | safe }}", "text, line 1: unknown filter 'safe'"),
        ("a\n{% if total %}", "text, line 2: expected tag endif"),
        ("{% for i in (1..999999999) %}x{% endfor %}", "text, line 1: loop iteration limit"),
        ("{{ recipient.name }}", "text, line 1: recipient is not known"),
    ],
)
def test_what_a_template_cannot_say_is_refused_with_its_line(text: str, said: str) -> None:
    assert FIRM is not None
    assert any(one.startswith(said) for one in faults(replace(FIRM, text=text))), faults(replace(FIRM, text=text))


def test_customer_text_is_escaped_in_own_html_and_cannot_name_a_block() -> None:
    source = Source("reminder_firm", "fr", "s", "{{ customer.name }}", "<b>{{ customer.name }}</b>{{ table }}")
    values = sample("reminder_firm") | {"customer": {"name": "<script>\ue000table\ue001{{ total }}"}}
    said = render(source, values, {"table": Block("T", "<table></table>")})
    assert "<script>" not in said.html
    assert "&lt;script&gt;table{{ total }}" in said.html
    assert "<table></table>" in said.html
    assert said.text == "<script>table{{ total }}\n"


@pytest.mark.django_db
def test_own_words_go_before_shipped_ones_and_keep_their_versions(tmp_path: Path) -> None:
    load_late(tmp_path)
    manager = person("manager", "credit_manager")
    with pytest.raises(NotAllowedError):
        save_template(person("one", "collector"), "reminder_firm", "fr", "s", "t", entity_id="A")
    with pytest.raises(CallError, match=r"line 1: nonsense is not known"):
        save_template(manager, "reminder_firm", "fr", "s", "{{ nonsense }}", entity_id="A")
    with pytest.raises(CallError, match="who administers"):
        save_template(job("x").__class__(manager.user, manager.name, manager.roles), "thanks", "fr", "s", "t")
    first = save_template(manager, "reminder_firm", "fr", "Objet {{ total }}", "Bonjour {{ table }}", entity_id="A")
    again = save_template(manager, "reminder_firm", "fr", "Objet {{ total }}", "Bonjour {{ table }}", entity_id="A")
    assert again == first
    save_template(manager, "reminder_firm", "fr", "Autre", "Bonjour {{ table }}", entity_id="A", tone="firm")
    save_template(manager, "reminder_firm", "de", "Mahnung {{ total }}", "Guten Tag,\n\n{{ table }}", entity_id="A")
    assert template_of("A", "reminder_firm", "fr", "firm").subject == "Autre"
    assert template_of("A", "reminder_firm", "fr", "neutral").subject == "Objet {{ total }}"
    assert template_of("A", "reminder_firm", "de").text.startswith("Guten Tag")
    assert template_of("A", "firm", "it").language == "en"
    assert compose_message(job("x"), plan_action("0").action_id).subject == "Autre"
    shown = preview_template(job("x"), template_of("A", "reminder_firm", "de"), "A:0")
    assert shown.words.subject.startswith("Mahnung 2.010,00")
    assert {one.language for one in list_templates(manager, "A") if one.code == "reminder_firm"} == {"fr", "de", "en"}
    assert restore_shipped(manager, "reminder_firm", "fr", entity_id="A") == 2
    assert template_of("A", "reminder_firm", "fr").origin == "shipped"
    assert MessageTemplate.objects.filter(code="reminder_firm").count() == 3


def test_secrets_are_named_and_never_stored(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"host": "mail.example.com", "user": "u", "secret": "env:ENCOURS_MAIL_PASSWORD"}
    assert channel_fault(good) is None
    assert channel_fault({}) is None
    for place in ("hunter2", "env:DATABASE_URL", "file:../secret-key", "file:/etc/passwd"):
        assert "never stored" in (channel_fault({**good, "secret": place}) or "")
    monkeypatch.setenv("ENCOURS_SECRETS", str(tmp_path))
    (tmp_path / "smtp").write_text("s3cret\n")
    assert with_secrets({**good, "secret": "file:smtp"})["password"] == "s3cret"
    with pytest.raises(CallError, match="ENCOURS_MAIL_PASSWORD is not there"):
        with_secrets(good)
    made = with_secrets({"refresh_token": "file:smtp"})
    made["renewed"]("newer")
    assert (tmp_path / "smtp").read_text() == "newer"
