"""What the payment messages of ISO 20022 (pain) share: texts by path, days, amounts, and how a batch is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from encours.connectors.base.bank import plain_amount
from encours.connectors.base.xml import HostileXmlError, iterate
from encours.core.base.issue import Issues
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


def walk(path: Path, issues: Issues, *tags: str, again: str) -> Iterator[tuple[str, Any]]:
    """`iterate`, whose faults are issues: what came before a document breaks off is read. `again`: what to do."""
    try:
        yield from iterate(path, *tags)
    except HostileXmlError as error:
        issues.add("hostile_xml", str(error), line=1, action=again)
    except etree.XMLSyntaxError as error:
        line = max(1, error.lineno or 1)
        issues.add("xml_broken", f"the XML breaks off: {error.msg}", line=line, action="Take the file again.")
