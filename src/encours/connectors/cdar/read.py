"""Lifecycle messages (UN/CEFACT CDAR D22B, as the French reform has it): each status of an invoice is an event."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import polars as pl
from lxml import etree

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.lifecycle import event_of
from encours.connectors.base.xml import HostileXmlError, parse
from encours.core.base.issue import Issues
from encours.core.base.named import NAMED, conform_named

_FILE_BYTES_MAX = 50 << 20
_SIREN = re.compile(r"\d{9}")
_REFERENCED = "{*}AcknowledgementDocument/{*}ReferenceReferencedDocument"
#: When the status was set (MDT-78), else when the message was made (MDT-8).
_SET = "{*}AcknowledgementDocument/{*}IssueDateTime/{*}DateTimeString"
_MADE = "{*}ExchangedDocument/{*}IssueDateTime/{*}DateTimeString"


def read(source: Source, options: Options) -> Reading:
    """`named`: the status of each invoice that the message refers to, with the reasons given as `detail`.

    The seller's SIREN (MDT-129) is the entity where the caller gives none; of a supplier's invoice an issue tells.
    """
    issues = Issues(source.name)
    root = _root(source, issues)
    if root is None:
        return Reading("cdar", {}, issues.frame(), options.entity_id)
    stamp = _text(root, _SET) or _text(root, _MADE)
    on = _day(stamp)
    documents = root.findall(_REFERENCED)
    sellers = {seller for document in documents if (seller := _seller(document))}
    entity = options.entity_id or (next(iter(sellers)) if len(sellers) == 1 else None)
    rows = [row for document in documents if (row := _row(document, on, entity, issues)) is not None]
    if not documents and not issues.rows:
        issues.add("no_lines", "the message tells of no invoice", line=1, severity="warning", action="Check the file.")
    named = conform_named(pl.DataFrame(rows, schema=NAMED, orient="row"))
    facts = {"statuses": named.height, "invoices": len(documents), "to": stamp}
    return Reading("cdar", {}, issues.frame(), entity, facts, None, named)


def _root(source: Source, issues: Issues) -> Any:
    try:
        if source.path.stat().st_size > _FILE_BYTES_MAX:
            issues.add("file_too_large", "the message is larger than 50 MB", line=1, action="Ask for the file again.")
            return None
        return parse(source.path.read_bytes())
    except HostileXmlError as error:
        issues.add("hostile_xml", str(error), line=1, action="Ask the sender for a clean file.")
    except etree.XMLSyntaxError as error:
        line = max(1, error.lineno or 1)
        issues.add("xml_broken", f"the XML is broken: {error.msg}", line=line, action="Ask for the file again.")
    return None


def _row(document: Any, on: date | None, entity: str | None, issues: Issues) -> tuple[object, ...] | None:
    """NAMED of one document; None, and an issue, where it gives no event."""
    number, code = _text(document, "{*}IssuerAssignedID"), _text(document, "{*}ProcessConditionCode")
    seller, line = _seller(document), document.sourceline
    if not number or not code or on is None or entity is None:
        said = "the message lacks the invoice's number, its status, the day or the seller"
        issues.add("status_incomplete", said, line=line, action="Ask for the file again.", table="events")
        return None
    if seller and _SIREN.fullmatch(entity) and seller != entity:
        issues.add(
            "invoice_received",
            f"invoice {number[:60]} is of seller {seller}: a supplier's invoice is no receivable",
            line=line, severity="warning", action="Leave it out, or give the entity that sold.", table="events",
        )  # fmt: skip
        return None
    event = event_of(code)
    if event is None:
        said = f"status {code[:20]} is none that the reform gives an invoice"
        issues.add("status_unknown", said, line=line, severity="info", action="Nothing to do.", table="events")
        return None
    kind, value = event
    return (entity, line, "item", number, None, None, None, kind, on, value, _reasons(document))


def _reasons(document: Any) -> str | None:
    """Code and words of each reason (MDT-113, MDT-114)."""
    parts = []
    for status in document.findall("{*}SpecifiedDocumentStatus"):
        words = (_text(status, "{*}ReasonCode"), _text(status, "{*}Reason"))
        parts.append(" ".join(word for word in words if word))
    return "; ".join(part for part in parts if part)[:500] or None


def _seller(document: Any) -> str | None:
    told = _text(document, "{*}IssuerTradeParty/{*}GlobalID")
    return re.sub(r"[^A-Za-z0-9]+", "", told)[:32] or None if told else None


def _day(stamp: str | None) -> date | None:
    """The day of `20250701` or `20250701180000` (formats 102 and 204): local time, no zone is given."""
    match = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", stamp or "")
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _text(element: Any, path: str) -> str | None:
    found = element.find(path)
    return (found.text or "").strip() or None if found is not None else None
