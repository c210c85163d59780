"""A letter is looked at as it is printed: its pages before it leaves, the approved ones afterwards."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

from encours.store.models import Message, PlannedAction, PlannedLine
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.compose_message import compose_message
from encours.usecases.letters.typeset import pages_of
from encours.usecases.look_at_letter import PAGES, kept_file, kept_pages, planned_letter
from encours.usecases.rights import NotAllowedError
from encours.usecases.send_action import look_at
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import person
from tests.usecases.letter_cases import a_customer, a_letter, an_invoice, workshop

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
_PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


def _planned(invoices: int = 1, address: str | None = "8 quai des Forges\n69002 Lyon") -> PlannedAction:
    customer = a_customer("Dupin", address=address)
    action = PlannedAction.objects.create(
        entity_id="A", action_id="A:x", day=clock.today(), customer_id=customer, currency="EUR", scenario="sme",
        step="letter", level=3, channel="letter", template="letter_penalties", mode="confirm", amount=1_200_000,
    )  # fmt: skip
    for number in range(invoices):
        item = an_invoice(customer, f"F{number}", 1_200_000, date(2025, 6, 30))
        PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
    return action


def test_a_planned_letter_is_shown_as_its_pages_and_as_the_pdf_that_would_be_printed() -> None:
    workshop()
    action = _planned()
    draft = look_at(job("test"), action.pk).draft
    assert draft is not None
    assert draft.pages is not None
    assert draft.to[0] == "Société Dupin"
    assert "69002 Lyon" in draft.to
    assert draft.pages.more == 0
    assert all(one.startswith(_PNG) for one in draft.pages.pictures)
    found = planned_letter(job("test"), action.pk)
    assert found is not None
    assert len(pypdf.PdfReader(BytesIO(found[1])).pages) == draft.pages.count
    assert not Message.objects.exists(), "looked at, not kept"


def test_what_keeps_a_letter_from_being_made_is_said_in_place() -> None:
    workshop()
    look = look_at(job("test"), _planned(address=None).pk)
    assert (look.draft, look.can_send) == (None, False)
    assert look.faults == ("no postal address is known of A:Dupin",)


def test_a_long_letter_shows_its_first_pages_and_counts_the_rest() -> None:
    workshop()
    draft = look_at(job("test"), _planned(invoices=90).pk).draft
    assert draft is not None
    assert draft.pages is not None
    assert len(draft.pages.pictures) == min(PAGES, draft.pages.count)
    assert draft.pages.more == max(0, draft.pages.count - PAGES)
    assert draft.pages.count > 1


def test_a_kept_letter_shows_what_was_approved_and_nothing_once_its_file_was_changed(tmp_path: Path) -> None:
    workshop()
    _planned()
    message = compose_message(job("test"), "A:x")
    pages = kept_pages(message)
    assert pages is not None
    assert pages.pictures[0].startswith(_PNG)
    row = message.files.get()
    viewing = Viewing(job("test"), ("A",), clock.today())
    found = kept_file(viewing, str(message.pk), row.pk)
    assert found is not None
    assert found.content.startswith(b"%PDF")
    assert kept_file(viewing, str(message.pk), row.pk + 1) is None
    (tmp_path / row.path).write_bytes(b"%PDF-1.4 another")
    assert kept_pages(message) is None


def test_who_does_not_see_the_customer_sees_no_letter() -> None:
    workshop()
    workshop("B")
    action = _planned()
    with pytest.raises(NotAllowedError):
        planned_letter(person("nobody", "collector", "B"), action.pk)


def test_what_is_no_pdf_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        pages_of(b"no pdf", 2)


def test_an_email_is_no_letter() -> None:
    workshop()
    action = _planned()
    PlannedAction.objects.update(channel="email")
    assert planned_letter(job("test"), action.pk) is None
    assert a_letter(action.customer_id, "firm").channel == "letter"
