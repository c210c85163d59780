"""Mail is set on a page: what was typed is kept, what has no field stays, a secret itself is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import Setting
from encours.usecases import clock
from encours.usecases.ask_firewall import is_quiet
from encours.usecases.dunning_rules import rules_of
from encours.usecases.manage_scenarios import scenarios_of
from encours.usecases.manage_settings import setting
from tests.web.cast import Town

pytestmark = pytest.mark.django_db


def test_mail_is_set_on_its_page(town: Town, client_of: Callable[[str], Client]) -> None:
    box = {"host": "imap.example.com", "user": "u", "bounces": "Retours", "sent_is_complete": True}
    Setting.objects.create(entity_id="A", key="mail.mailbox", value=box)
    client = client_of("alice")
    page = client.get("/settings/?part=mail&of=A").content.decode()
    assert "imap.example.com" in page
    assert 'name="mailbox:bounces" value="Retours"' in page
    sent = {
        "of": "A", "sender:address": "recouvrement@example.com", "server:host": "mail.example.com",
        "server:port": "587", "server:user": "u", "server:secret": "env:ENCOURS_MAIL_PASSWORD", "per_minute": "30",
        "copies": "zip", "statement": "on", "megabytes": "8", "weekday": ["1", "2"],
        "from": "08:00", "to": "18:00", "mailbox:host": "imap.example.com", "mailbox:user": "u",
        "mailbox:bounces": "Retours", "sent_is_complete": "on",
    }  # fmt: skip
    client.post("/settings/mail/", sent)
    today = clock.today()
    assert setting("mail.channel", "A", today) == {
        "host": "mail.example.com", "port": 587, "user": "u", "secret": "env:ENCOURS_MAIL_PASSWORD",
    }  # fmt: skip
    assert setting("mail.mailbox", "A", today) == box
    assert setting("mail.per_minute", "A", today) == 30
    assert setting("mail.attach", "A", today) == {"statement": True, "copies": "zip", "megabytes": 8}
    client.post("/settings/mail/", {**sent, "server:secret": "hunter2", "per_minute": "31"})
    assert setting("mail.per_minute", "A", today) == 30, "all or nothing"
    assert not Setting.objects.filter(value__icontains="hunter2").exists()


def test_a_provider_is_switched_on_by_the_page_and_its_key_is_only_named(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    client = client_of("alice")
    sent = {
        "of": "A", "way": "mail_provider", "via:provider": "mailgun", "via:secret": "file:mailgun-key",
        "via:sender_domain": "mg.example.com", "via:project_id": "of another provider", "server:host": "",
        "server:timeout": "20", "per_minute": "30", "copies": "none", "megabytes": "8", "weekday": ["1", "3"],
        "from": "09:00", "to": "17:30",
    }  # fmt: skip
    client.post("/settings/mail/", sent)
    today = clock.today()
    kept = {
        "channel": "mail_provider", "provider": "mailgun", "secret": "file:mailgun-key", "timeout": 20,
        "options": {"sender_domain": "mg.example.com"},
    }  # fmt: skip
    assert setting("mail.channel", "A", today) == kept
    assert setting("mail.window", "A", today) == {"weekdays": [1, 3], "from": "09:00", "to": "17:30"}
    page = client.get("/settings/?part=mail&of=A").content.decode()
    assert '<option value="mail_provider" selected>' in page
    assert 'name="via:sender_domain" value="mg.example.com"' in page
    client.post("/settings/mail/", {**sent, "via:secret": "key-123456"})
    assert setting("mail.channel", "A", today) == kept
    assert not Setting.objects.filter(value__icontains="key-123456").exists()
    server = {"host": "mail.example.com", "user": "u", "secret": "env:ENCOURS_MAIL_PASSWORD"}
    client.post("/settings/mail/", {**sent, "way": "smtp", **{f"server:{name}": text for name, text in server.items()}})
    assert setting("mail.channel", "A", today) == {**server, "timeout": 20}


def test_rules_of_chasing_are_set_on_the_page_and_take_effect(town: Town, client_of: Callable[[str], Client]) -> None:
    client, today = client_of("alice"), clock.today()
    for key, value in (
        ("dunning.habit_days", "9"), ("dunning.quiet_days", f"{today}\r\n02/08/2027 04/08/2027"),
        ("dunning.digest", "4"), ("dunning.digest_template", "our_digest"),
    ):  # fmt: skip
        client.post("/settings/rules/", {"of": "A", "key": key, "value": value})
    rules = rules_of("A", today)
    assert (rules.habit_days, rules.quiet_days) == (9, (str(today), "2027-08-02", "2027-08-03", "2027-08-04"))
    digest = scenarios_of("A").digest
    assert (digest.active, digest.weekday, digest.template) == (True, 4, "our_digest")
    assert is_quiet("A", today, holidays=False)
    page = client.get("/settings/?part=rules&of=A").content.decode()
    assert "2027-08-02 2027-08-04" in page
    client.post("/settings/rules/", {"of": "A", "key": "dunning.digest", "value": "off"})
    client.post("/settings/rules/", {"of": "A", "key": "dunning.quiet_days", "value": "soon"})
    assert not scenarios_of("A").digest.active
    assert len(rules_of("A", today).quiet_days) == 4, "what is no day is refused"
