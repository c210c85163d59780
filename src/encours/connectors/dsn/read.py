"""What a delivery status notification (RFC 3464) says: which message, which recipients, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Literal

from encours.connectors.base.contract import Options, Reading, Source
from encours.core.base.issue import Issues

#: failed: it will never arrive; delayed: it is still tried; delivered: the receiving server has it (relayed, expanded).
Fate = Literal["failed", "delayed", "delivered"]
_FATES: dict[str, Fate] = {
    "failed": "failed", "delayed": "delayed", "delivered": "delivered", "relayed": "delivered", "expanded": "delivered",
}  # fmt: skip
_READ_MAX = 4_000_000
_DEPTH_MAX = 8
_PARTS_MAX = 200
_ID = re.compile(r"<[^<>\s]{1,250}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
#: Status codes by which the address itself is wrong or gone: X.1.1 no such mailbox, X.1.2 no such host, X.1.10 null MX…
_BAD_ADDRESS = re.compile(r"5\.(1\.(0|1|2|3|6|10)|2\.1)$")


@dataclass(frozen=True)
class Fateful:
    """One recipient's fate. `bad_address`: the address does not exist or is closed; it is not just full today."""

    address: str
    fate: Fate
    status: str
    said: str
    bad_address: bool


@dataclass(frozen=True)
class Notification:
    """A whole notification. `message_ids`: those of the returned message, its own header first."""

    message_ids: tuple[str, ...]
    recipients: tuple[Fateful, ...]
    reporter: str
    arrived: str


def parse(content: bytes) -> Notification | None:
    """The notification in an e-mail; None where it is none. Never raises on data."""
    try:
        mail = message_from_bytes(content[:_READ_MAX], policy=policy.compat32)
        parts = list(_walk(mail))
        return _of_report(mail, parts)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # the standard library stumbles over some broken headers


def read(source: Source, options: Options) -> Reading:
    """See `contract.Connector.read`: one issue a recipient; which contact it is, the use case knows."""
    issues = Issues(source.name)
    with source.path.open("rb") as file:
        found = parse(file.read(_READ_MAX))
    if found is None or not found.recipients:
        issues.add("not_a_notification", "this e-mail does not say what became of a message", action=_ACTION)
        return Reading("dsn", {}, issues.frame(), options.entity_id)
    for number, one in enumerate(found.recipients, 1):
        if one.fate == "failed":
            issues.add("mail_failed", f"mail to {one.address} failed: {one.said}", line=number, severity="warning",
                       action="mend the address of the contact, or call")  # fmt: skip
        elif one.fate == "delayed":
            issues.add("mail_delayed", f"mail to {one.address} is delayed: {one.said}", line=number, severity="info")
        else:
            issues.add("mail_delivered", f"mail to {one.address} was delivered", line=number, severity="info")
    facts = {
        "message_ids": list(found.message_ids),
        "reporter": found.reporter,
        "arrived": found.arrived,
        "recipients": [asdict(one) for one in found.recipients],
    }
    return Reading("dsn", {}, issues.frame(), options.entity_id, facts)


_ACTION = "save the whole message with its attachments as .eml"


def _walk(mail: Message, depth: int = 0) -> Iterator[Message]:
    """The message and its parts, in order; the content of a status part is not entered, it is read as fields."""
    yield mail
    if depth < _DEPTH_MAX and mail.get_content_type() != "message/delivery-status":
        parts = mail.get_payload()
        if isinstance(parts, list):
            for part in parts[:_PARTS_MAX]:
                if isinstance(part, Message):
                    yield from _walk(part, depth + 1)


def _of_report(mail: Message, parts: list[Message]) -> Notification | None:
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    found = status.get_payload()
    blocks: list[Message] = [one for one in found if isinstance(one, Message)] if isinstance(found, list) else []
    whole: Message = blocks[0] if blocks else Message()
    people = tuple(one for block in blocks[:_PARTS_MAX] if (one := _recipient(block)) is not None)
    return Notification(_ids(mail, parts), people, _typed(_field(whole, "Reporting-MTA")), _day(mail))


def _recipient(block: Message) -> Fateful | None:
    fate = _FATES.get(_field(block, "Action").lower())
    address = _typed(_field(block, "Original-Recipient")) or _typed(_field(block, "Final-Recipient"))
    final = _typed(_field(block, "Final-Recipient")) or address
    address = (address if "@" in address else final).strip("<> ")[:255]
    if fate is None or "@" not in address:
        return None
    found = _STATUS.search(_field(block, "Status"))
    status = found.group() if found else ""
    said = _typed(_field(block, "Diagnostic-Code")) or status or fate
    return Fateful(address, fate, status, said[:500], fate == "failed" and bool(_BAD_ADDRESS.match(status)))


def _ids(mail: Message, parts: list[Message]) -> tuple[str, ...]:
    """Message-IDs of what came back: the returned message or its header, then what the notification answers to."""
    texts = []
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            texts.append(_field(message_from_bytes(payload if isinstance(payload, bytes) else b""), "Message-ID"))
        else:
            texts.append(_field(part, "Message-ID"))
    texts += [_field(mail, "In-Reply-To"), _field(mail, "References")]
    return tuple(dict.fromkeys(found for text in texts for found in _ID.findall(text)))


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "") or "").split())


def _typed(text: str) -> str:
    """`rfc822; name@host` without its type."""
    return text.partition(";")[2].strip() if ";" in text else text


def _day(mail: Message) -> str:
    try:
        return parsedate_to_datetime(_field(mail, "Date")).isoformat()
    except (ValueError, TypeError):
        return ""
