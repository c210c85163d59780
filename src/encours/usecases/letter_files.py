"""Letters, statements and what goes with them as files: PDF/A made from facts, nothing of them read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from encours.usecases import clock
from encours.usecases.chased_facts import open_items_of, positions_of_customer
from encours.usecases.claim_penalties import Penalty, penalties
from encours.usecases.invoice_copies import Copy, copies, zipped
from encours.usecases.letter_parts import KINDS, Kind, Letter, letter_data
from encours.usecases.letter_statement import statement_data
from encours.usecases.letters import says
from encours.usecases.letters.typeset import pictures, typeset
from encours.usecases.manage_settings import read_at_once
from encours.usecases.payment_block import Chased, PaymentBlock, payment_block
from encours.usecases.positions import Position
from encours.usecases.rights import job
from encours.usecases.show_customer import ITEM_COLUMNS, ItemRow, statement_items
from encours.usecases.viewing import Viewing

__all__ = [
    "KINDS", "Chased", "Copy", "Letter", "PaymentBlock", "Penalty", "ReadyText", "copies", "kind_of",
    "letter_pages", "letter_pdf", "payment_block", "penalties", "ready_text", "statement_of", "statement_pdf", "zipped",
]  # fmt: skip


#: Parts of the codes of templates that stand behind a firm letter.
_FIRM = ("firm", "penalt", "broken", "reject", "letter", "interest")


@dataclass(frozen=True)
class ReadyText:
    """A letter's text as it ships, `{{ name }}` where a value stands: what a template of the user's starts from."""

    kind: str
    language: str
    subject: str
    text: str


def ready_text(kind: str, language: str) -> ReadyText:
    """The ready text of one of KINDS, or of `statement`. Raises KeyError for another kind."""
    found = says.words(language)["letters"][kind]
    return ReadyText(kind, language, found["subject"], found["text"].strip())


def letter_pdf(letter: Letter) -> bytes:
    """The letter as PDF/A. Raises CallError (see `letter_parts.letter_data`)."""
    with read_at_once(letter.entity_id):
        return typeset(letter_data(letter), letter.day)


def letter_pages(letter: Letter) -> list[bytes]:
    """The letter's pages as PNG, for a preview. Raises CallError like `letter_pdf`."""
    return pictures(letter_data(letter))


def statement_pdf(
    entity_id: str,
    customer_id: str,
    day: date | None = None,
    language: str = "",
    items: Sequence[Chased] = (),
    *,
    reference: str = "",
    contact: str = "",
) -> bytes:
    """The statement of one account as PDF/A; `items` (what a message asks for) stand out and are what is to be paid.

    `day` before today: as known at the end of that day. Raises CallError for a customer that is not the entity's.
    """
    today = clock.today()
    day = day or today
    positions, rows = _today(customer_id, today) if day >= today else _past(entity_id, customer_id, today, day)
    with read_at_once(entity_id):
        data = statement_data(
            entity_id, customer_id, day, language, positions, rows, items, reference=reference, contact=contact
        )
    return typeset(data, day)


def _today(customer_id: str, today: date) -> tuple[list[Position], list[ItemRow]]:
    """What stands on the account now."""
    found = []
    for row in open_items_of(customer_id):
        facts = {name: getattr(row, name) for name in ITEM_COLUMNS}
        found.append(ItemRow(**facts, late_days=max(0, (today - row.due_on).days)))
    return positions_of_customer(customer_id), found


def _past(entity_id: str, customer_id: str, today: date, day: date) -> tuple[list[Position], list[ItemRow]]:
    """What was known to stand on the account at the end of a past day."""
    found = statement_items(Viewing(job("letters"), (entity_id,), today, day), customer_id)
    return (found[1], found[2]) if found else ([], [])


def statement_of(viewing: Viewing, customer_id: str, language: str) -> tuple[str, bytes] | None:
    """(account number, PDF) of the statement on the page's day, for who may see the customer; else None."""
    found = statement_items(viewing, customer_id)
    if found is None:
        return None
    who, positions, rows = found
    data = statement_data(
        who.entity_id, customer_id, viewing.day, language, positions, rows, with_payment=not viewing.is_past
    )
    return who.account, typeset(data, viewing.day)


def kind_of(template: str) -> Kind:
    """The letter that stands behind a template's code."""
    if "last" in template or "hand_over" in template or "handover" in template:
        return "last_notice"
    if "formal" in template:
        return "formal_notice"
    return "firm" if any(part in template for part in _FIRM) else "friendly"
