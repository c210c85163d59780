"""What forms send: a key that makes a form sent twice one act, days, amounts."""

from __future__ import annotations

import uuid
from datetime import date

from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, to_minor


def form_key() -> str:
    """A new key for a form: what is done with the same key twice is done once."""
    return uuid.uuid4().hex[:16]


def read_day(text: str) -> date | None:
    """A day as a date field sends it; None where none was given. Raises CallError."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as wrong:
        raise CallError([f"{text.strip()!r} is no day"]) from wrong


def read_amount(text: str, currency: str) -> int | None:
    """An amount as people type it, in minor units; None where none was given. Raises CallError."""
    if not text.strip():
        return None
    try:
        return to_minor(text, currency)
    except (AmountError, ValueError) as wrong:
        raise CallError([f"{text.strip()!r} is no amount"]) from wrong
