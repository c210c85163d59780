"""What the payment messages of ISO 20022 (pain) share: texts by path, days, amounts, and how a batch is named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from encours.connectors.base.bank import plain_amount
from encours.core.base.money import AmountError


def batch_of(message: str | None, block: str) -> str:
    """`MSG/BLOCK`, or the block alone where its number holds the message's (most programs number them so)."""
    return block if not message or message in block else f"{message}/{block}"


def text(element: Any, *steps: str) -> str | None:
    """The text at a path below an element, without blanks around it; None where there is none."""
    found = element.find("/".join(f"{{*}}{step}" for step in steps)) if steps else element
    return (found.text or "").strip() or None if found is not None else None


def day(value: str | None) -> date | None:
    """The civil day of a date or a stamp."""
    try:
        return date.fromisoformat((value or "")[:10])
    except ValueError:
        return None


def amount(value: str | None) -> Decimal | None:
    """An amount of the message; None where it is none."""
    try:
        return plain_amount(value) if value else None
    except AmountError:
        return None
