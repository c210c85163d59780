"""Copies chosen for a message, as files or one ZIP; and those that a customer asks for, sent from Today or the task."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from encours.core.base.issue import CallError
from encours.store.models import Document, Import, ImportFile, Item, Message, Setting, Task
from encours.store.rights import job
from encours.usecases import clock, message_files
from encours.usecases.compose_message import Wish, compose_message
from encours.usecases.log_contact import Logged, log_contact
from encours.usecases.send_action import look_at, send_action
from encours.usecases.send_copies import send_copies, send_copies_of_task
from tests.usecases.mailing import load_late, plan_action, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    """Customers 0 and 1 of A with three late invoices each; of customer 0's first two there is a copy."""
    load_late(tmp_path, 2, items=3)
    to_server(1)
    owner = Import.objects.order_by("pk").first()
    for number in ("F00", "F01"):
        content = f"%PDF-1.4 {number}".encode()
        path = Path(settings.HOME) / "files" / f"{number}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        ImportFile.objects.create(
            owner=owner, name=path.name, path=f"files/{path.name}", size=len(content), sha256=digest
        )
        Document.objects.create(
            entity_id="A", document_id=f"A:{number}:d", item_id=f"A:{number}", kind="invoice", path=path.name,
            sha256=digest,
        )  # fmt: skip


def names(message: Message) -> list[str]:
    return sorted(one.name for one in message_files.read_files(message) if not one.inline)


def test_the_copies_of_one_message_are_chosen_where_it_is_looked_at() -> None:
    action = plan_action()
    look = look_at(job("x"), action.pk)
    assert look.draft is not None
    assert look.draft.choices is not None
    assert sorted((number, known, goes) for _, number, known, goes in look.draft.choices.copies) == [
        ("F00", True, False), ("F01", True, False), ("F02", False, False),
    ]  # fmt: skip
    wish = Wish(copies=("A:F01",), language="en", tone="firm")
    look = look_at(job("x"), action.pk, wish)
    assert look.draft is not None
    assert "F01.pdf" in look.draft.files
    assert look.draft.choices is not None
    assert look.draft.choices.language == "en"
    assert [number for _, number, _, goes in look.draft.choices.copies if goes] == ["F01"]
    early = compose_message(job("x"), action.action_id)
    Setting.objects.filter(key="mail.test_mode").update(value=True)
    with pytest.raises(CallError, match="test mode"):
        send_action(job("x"), action.pk, wish)
    Setting.objects.filter(key="mail.test_mode").update(value=False)
    left = send_action(job("x"), action.pk, wish)
    assert "F01.pdf" in names(left)
    assert "F00.pdf" not in names(left)
    assert (left.state, left.language, left.tone) == ("queued", "en", "firm")
    early.refresh_from_db()
    assert (early.state, early.error) == ("cancelled", "written anew, as a person chose")
    assert send_action(job("x"), action.pk, Wish(copies=())).pk == left.pk, "what is on its way is not written anew"


def test_many_copies_go_as_one_zip_and_words_are_changed_for_one_message() -> None:
    action = plan_action()
    words = {"subject": "Compte {{ customer.account }}", "text": "Bonjour,\n\n{{ table }}\n\n{{ sender.signature }}"}
    left = send_action(job("x"), action.pk, Wish(copies=("A:F00", "A:F01"), as_zip=True, **words))
    packed = next(one for one in message_files.read_files(left) if one.content_type == "application/zip")
    assert sorted(zipfile.ZipFile(io.BytesIO(packed.content)).namelist()) == ["F00.pdf", "F01.pdf"]
    assert left.subject == "Compte 0"
    assert left.text.startswith("Bonjour,")
    look = look_at(job("x"), plan_action("1").pk, Wish(text="{{ nobody }}"))
    assert (look.can_send, look.faults) == (False, ("text, line 1: 'nobody' is undefined",))


def asked(outcome: str, *items: str) -> Task:
    said = Logged("A:0", outcome, f"key{outcome}{len(items)}0000", items=items)
    row = log_contact(job("x"), said)
    return Task.objects.get(origin=f"outcome:{row.pk}")


@pytest.mark.parametrize("outcome", ["copy_wanted", "not_received"])
def test_a_copy_that_is_wanted_is_sent_from_its_task(outcome: str) -> None:
    task = asked(outcome, "A:F00")
    made = send_copies_of_task(job("x"), task.pk)
    assert (made.template, made.state, names(made), made.to) == (
        "copy_wanted", "queued", ["F00.pdf"], ["Comptabilité 0 <compta0@client.example>"],
    )  # fmt: skip
    assert "F00" in made.text
    assert send_copies_of_task(job("x"), task.pk).pk == made.pk, "twice is once"
    task.refresh_from_db()
    assert task.state == "done"


def test_copies_are_sent_from_today_and_the_task_is_done_with_it() -> None:
    task = asked("copy_wanted", "A:F00", "A:F01")
    made = send_copies(job("x"), "A:0", ["A:F00", "A:F01"], "abcdefgh", as_zip=True)
    assert send_copies(job("x"), "A:0", ["A:F00", "A:F01"], "abcdefgh").pk == made.pk
    assert [name.endswith(".zip") for name in names(made)] == [True]
    task.refresh_from_db()
    assert task.state == "done"
    assert sorted(one.item_id for one in made.lines.all()) == ["A:F00", "A:F01"]


def test_what_keeps_a_copy_from_leaving_is_said_and_nothing_is_kept() -> None:
    def refused(match: str, *items: str, customer: str = "A:0", **more: Any) -> None:
        with pytest.raises(CallError, match=match):
            send_copies(job("x"), customer, list(items), "12345678", **more)
        assert not Message.objects.exists()

    refused("no copy is known of F02: import the document first", "A:F00", "A:F02")
    refused("choose the invoices")
    refused("choose the invoices", "A:F10")
    Setting.objects.filter(key="mail.test_mode").update(value=True)
    refused("test mode", "A:F00")
    assert Item.objects.filter(item_id="A:F00", open__gt=0).exists()
    assert clock.today() >= Item.objects.get(item_id="A:F00", is_current=True).due_on
