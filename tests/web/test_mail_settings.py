"""Mail is set on a page: what was typed is kept, what has no field stays, a secret itself is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import Setting
from encours.usecases import clock
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
        "copies": "zip", "statement": "on", "megabytes": "8", "mailbox:host": "imap.example.com", "mailbox:user": "u",
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
