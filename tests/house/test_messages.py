"""Every text of the screens is said in French, and what Django reads is what the translation files say."""

from __future__ import annotations

from scripts import messages


def test_compiled_translations_are_fresh() -> None:
    assert messages.stale() == [], "call `make messages`"


def test_every_text_has_its_french() -> None:
    assert messages.untranslated("fr") == []


def test_a_template_text_without_french_is_found(tmp_path, monkeypatch) -> None:
    page = tmp_path / "src/encours/web/orders/templates/orders.html"
    page.parent.mkdir(parents=True)
    page.write_text('{% load i18n %}\n<h1>{% translate "Blocked orders" %}</h1>{% translate "Limit" %}')
    po = tmp_path / "src/encours/web/orders/locale/fr/LC_MESSAGES/django.po"
    po.parent.mkdir(parents=True)
    po.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\nmsgid "Limit"\nmsgstr "Plafond"\n')
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "SOURCE", tmp_path / "src/encours")
    assert messages.untranslated() == ["src/encours/web/orders/templates/orders.html:2: Blocked orders"]
    assert len(messages.stale()) == 1
    messages.main([])
    assert messages.stale() == []
