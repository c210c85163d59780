"""The statement of account: every open item and the balance, set like every letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from encours.core.base.issue import CallError
from encours.usecases.letter_parts import Parties, head, note_of, parties_of, payment_part
from encours.usecases.letters import says
from encours.usecases.payment_block import Chased, PaymentBlock, payment_block
from encours.usecases.positions import Position
from encours.usecases.show_customer import ItemRow


def statement_data(
    entity_id: str,
    customer_id: str,
    day: date,
    language: str,
    positions: Sequence[Position],
    items: Sequence[ItemRow],
    chased: Sequence[Chased] = (),
    *,
    with_payment: bool = True,
    reference: str = "",
    contact: str = "",
) -> dict[str, Any]:
    """All that the template takes; `chased` items are marked and are what the payment part asks for."""
    who = parties_of(entity_id, customer_id, day, language)
    language = who.language
    subject = says.word(language, "statement_title", day=says.day(day, language, "long"))
    block = _block(who, items, positions, chased) if with_payment else None
    text = says.words(language)["letters"]["statement"]["text"].replace("---", "")
    said = says.filled(" ".join(text.split()), {"day": says.day(day, language, "long")})
    return {
        **head(who, subject, reference, contact),
        "heading": "", "subject_label": "", "subject": subject, "before": [said] if items else [],
        "items": _table(who, items, positions, {one.item_id for one in chased}),
        "penalties": None, "claim": [], "payment": payment_part(block, language), "after": [], "signature": [],
        "room_to_sign": False, "mentions": [],
    }  # fmt: skip


def _block(
    who: Parties, items: Sequence[ItemRow], positions: Sequence[Position], chased: Sequence[Chased]
) -> PaymentBlock | None:
    """How to pay what is asked, else what is overdue less what stands to the customer's credit; None: not in one go."""
    asked, extra = list(chased), 0
    if not asked:
        asked = [Chased(row.item_id, row.open) for row in items if row.open > 0 and row.due_on < who.day]
        owed = sum(one.amount for one in asked)
        extra = min(0, sum(p.balance for p in positions) - owed) if len(positions) == 1 else 0
    if not asked or sum(one.amount for one in asked) + extra <= 0:
        return None
    try:
        return payment_block(asked, who.language, extra, who.day)
    except CallError:  # a statement shows them side by side; only a request for payment may not
        return None


def _table(who: Parties, items: Sequence[ItemRow], positions: Sequence[Position], chased: set[str]) -> dict[str, Any]:
    language = who.language
    several = len({row.currency for row in items}) > 1
    rows = [_row(row, language, several=several, strong=row.item_id in chased) for row in items]
    headings = [says.word(language, key) for key in ("number", "issued", "due", "days_late", "invoiced", "still_open")]
    if not several and items:
        headings[-1] += f" ({items[0].currency})"
    return {
        "headings": headings, "left": 3, "rows": rows, "sums": _sums(positions, language),
        "mark": says.word(language, "chased_mark") if chased else "", "empty": says.word(language, "nothing_open"),
    }  # fmt: skip


def _row(row: ItemRow, language: str, *, several: bool, strong: bool) -> dict[str, Any]:
    still_open = says.money(row.open, row.currency, language) + (f" {row.currency}" if several else "")
    cells = [
        row.number + (f" / {row.part}" if row.part else ""),
        says.day(row.issued_on, language),
        says.day(row.due_on, language),
        str(row.late_days) if row.late_days and row.open > 0 else "–",
        says.money(row.amount, row.currency, language),
        still_open,
    ]
    return {"cells": cells, "note": " · ".join(note_of(row, language)), "strong": strong}


def _sums(positions: Iterable[Position], language: str) -> list[list[Any]]:
    found: list[list[Any]] = []
    for one in positions:
        parts = (
            ("not_due", one.not_due),
            ("overdue", one.overdue),
            ("credits", one.credits),
            ("unapplied", one.unapplied),
        )
        found += [
            [says.word(language, f"sum_statement_{name}"), says.money(minor, one.currency, language, code=True), False]
            for name, minor in parts
            if minor
        ]
        total = says.money(one.balance, one.currency, language, code=True)
        found.append([says.word(language, "sum_statement_total"), total, True])
    return found
