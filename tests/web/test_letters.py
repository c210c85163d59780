"""A letter on its screens: the pages that would be printed, and the PDF to save."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import Contact, Message, PlannedAction
from encours.usecases import clock
from encours.usecases.compose_message import compose_message
from encours.usecases.rights import job
from tests.web.cast import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(town: Town) -> int:
    """The town's planned action of A, as a letter to an address that is known."""
    action = PlannedAction.objects.get(pk=town.ids["number"])
    PlannedAction.objects.filter(pk=action.pk).update(channel="letter", template="reminder_friendly")
    Contact.objects.create(
        contact_id="A:0:post", customer_id="A:0", entity_id="A", role="accounts_payable", name="Comptabilité",
        address="8 quai des Forges\n69002 Lyon",
    )  # fmt: skip
    return int(action.pk)


def test_the_letter_is_looked_at_before_it_is_sent(number: int, client_of: Callable[[str], Client]) -> None:
    page = client_of("alice").get(f"/today/{number}/?do=send").content.decode()
    assert "data:image/png;base64," in page
    assert f"/today/{number}/letter/" in page
    pdf = client_of("alice").get(f"/today/{number}/letter/")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].startswith("inline")


def test_a_letter_that_cannot_be_made_says_why_on_the_row(number: int, client_of: Callable[[str], Client]) -> None:
    Contact.objects.all().delete()
    client = client_of("alice")
    assert "no postal address is known" in client.get(f"/today/{number}/?do=send").content.decode()
    assert client.get(f"/today/{number}/letter/").status_code == 302


def test_the_approved_letter_stands_in_the_outbox(number: int, client_of: Callable[[str], Client]) -> None:
    action = PlannedAction.objects.get(pk=number)
    message = compose_message(job("test"), action.action_id)
    assert message.state == Message.State.TO_CONFIRM
    client = client_of("alice")
    page = client.get(f"/outbox/{message.pk}/").content.decode()
    assert "data:image/png;base64," in page
    file = client.get(f"/outbox/{message.pk}/file/{message.files.get().pk}/")
    assert file.content.startswith(b"%PDF")
    assert f"{clock.today()}" in file.headers["Content-Disposition"]


def test_a_file_that_was_changed_is_not_handed_out(number: int, town: Town, client_of: Callable[[str], Client]) -> None:
    message = compose_message(job("test"), PlannedAction.objects.get(pk=number).action_id)
    row = message.files.get()
    (town.home / row.path).write_bytes(b"<script>")
    answer = client_of("alice").get(f"/outbox/{message.pk}/file/{row.pk}/")
    assert answer.status_code == 302
