"""A letter as it will lie in the envelope: its pages as pictures, and its PDF, before it leaves and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from encours.connectors.base.outgoing import Attachment
from encours.core.base.issue import CallError
from encours.store.models import Message, MessageFile, PlannedAction
from encours.usecases import message_files
from encours.usecases.compose_letter import LETTERS, letter_for
from encours.usecases.letter_parts import letter_data
from encours.usecases.letters.typeset import pages_of, typeset
from encours.usecases.mark_action import planned
from encours.usecases.rights import Actor
from encours.usecases.viewing import Viewing

ACT = "approve_message"
#: So many pages are shown; the rest stands in the PDF.
PAGES = 6
_PDF = "application/pdf"


@dataclass(frozen=True)
class Pages:
    """A letter to look at: its first pages as PNG; `count` pages in all."""

    pictures: tuple[bytes, ...]
    count: int

    @property
    def more(self) -> int:
        """Pages that only the PDF shows."""
        return self.count - len(self.pictures)


@dataclass(frozen=True)
class LetterLook:
    """A letter that is planned: the lines of its window, its subject, its words and its pages."""

    recipient: tuple[str, ...]
    subject: str
    text: str
    pages: Pages


def look_at_letter(action: PlannedAction) -> LetterLook:
    """The letter of a planned action as it would be printed now; nothing is kept.

    Raises CallError for what keeps it from being made: no postal address, no signatory, two creditors.
    """
    letter = letter_for(action)
    data = letter_data(letter)
    words = "\n\n".join([*data["before"], *data["after"]])
    return LetterLook(tuple(data["recipient"]), data["subject"], words, drawn(typeset(data, letter.day)))


def planned_letter(actor: Actor, number: int) -> tuple[str, bytes] | None:
    """(file name, PDF) of a planned letter; None where the action is no letter. Raises NotAllowedError or CallError."""
    row = planned(actor, number, ACT)
    if row.channel not in LETTERS:
        return None
    letter = letter_for(row)
    account = "".join(sign if sign.isalnum() else "-" for sign in row.customer_id.partition(":")[2])
    return f"{account}-{row.step}-{letter.day}.pdf", typeset(letter_data(letter), letter.day)


def kept_pages(message: Message) -> Pages | None:
    """The pages of a message that is a letter, as they were approved; None where it is none or its file is lost."""
    if message.channel not in LETTERS:
        return None
    try:
        pdf = next((one.content for one in message_files.read_files(message) if one.content_type == _PDF), None)
        return drawn(pdf) if pdf is not None else None
    except (CallError, ValueError):
        return None


def kept_file(viewing: Viewing, message_id: str, number: int) -> Attachment | None:
    """One file of a message, as it left or will leave; None where there is none to be seen.

    Raises CallError where the file is no longer what was approved.
    """
    message = viewing.every_entity().rows(Message).filter(pk=message_id).first()
    if message is None or not MessageFile.objects.filter(message=message, pk=number).exists():
        return None
    return message_files.read_file(MessageFile.objects.get(pk=number))


def drawn(pdf: bytes) -> Pages:
    """The first pages of a PDF as pictures."""
    pictures, count = pages_of(pdf, PAGES)
    return Pages(tuple(pictures), count)
