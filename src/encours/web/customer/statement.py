"""The account statement as PDF: typst sets it, the data reaches it as JSON and never as markup."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encours.usecases.positions import Position
from encours.usecases.show_customer import Identity, ItemRow
from encours.web.shell import format as form
from encours.web.shell import words

_TEMPLATE = Path(__file__).with_name("statement.typ")


def statement_pdf(who: Identity, positions: list[Position], items: list[ItemRow], day: date) -> bytes:
    """The statement of one account on a day, in the reader's language."""
    data: dict[str, Any] = {
        "language": get_language() or "fr",
        "title": _("Account statement"),
        "entity": who.entity_name,
        "customer": who.name,
        "facts": [[_("Account"), who.account]] + ([["SIREN", who.legal_id]] if who.legal_id else []),
        "day": _("At the end of %(day)s") % {"day": form.day(day, "long")},
        "headings": [_("Number"), _("Kind"), _("Issued"), _("Due"), _("Amount"), _("Open"), _("Days late")],
        "rows": [
            [
                row.number,
                words.word("item", row.kind),
                form.day(row.issued_on),
                form.day(row.due_on),
                form.money(row.amount, row.currency),
                f"{form.money(row.open, row.currency)} {row.currency}",
                form.number(row.late_days) if row.late_days and row.open > 0 else "",
            ]
            for row in items
        ],
        "sums": [
            [label, f"{form.money(amount, position.currency)} {position.currency}"]
            for position in positions
            for label, amount in (
                (_("Not due"), position.not_due),
                (_("Overdue"), position.overdue),
                (_("Credit notes and down payments"), position.credits),
                (_("Unapplied receipts"), position.unapplied),
                (_("Balance"), position.balance),
            )
            if amount or label == _("Balance")
        ],
        "balance": _("Balance"),  # the sums' last word
        "empty": _("No open item on this day."),
    }
    return _compile(json.dumps(data, ensure_ascii=False))


@lru_cache(maxsize=32)
def _compile(data: str) -> bytes:
    import typst

    pdf = typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"data": data}, pdf_standards=["a-2b"])
    return bytes(pdf)
