"""An e-mail as it was saved (.eml): who sent it and when, the texts of its body, what is attached."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass, field
from datetime import date
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from encours.connectors.advice.text import html_text, plain_text

_PARTS_MAX, _ATTACHED_MAX = 60, 20 << 20
_HEADER = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_NAMED = re.compile(rb"(?im)^(from|date|subject|message-id|mime-version|received|to):")


@dataclass(frozen=True)
class Attached:
    """An attachment: its name and what it holds."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Mail:
    """`sender` is the name that its first sender goes by (the mail that was forwarded, where one was)."""

    sender: str | None = None
    sender_address: str | None = None
    sent_on: date | None = None
    subject: str = ""
    texts: tuple[str, ...] = ()
    attached: tuple[Attached, ...] = field(default=())


def is_mail(head: bytes) -> bool:
    """Whether the bytes begin with the header of a mail: two or more of its fields, the sender among them."""
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").replace(b"\r\n", b"\n")
    found = _HEADER.match(plain if plain.endswith(b"\n") else plain + b"\n")
    if found is None:
        return False
    named = {name.lower() for name in _NAMED.findall(found[0])}
    return b"from" in named and len(named) >= 2


def read_mail(data: bytes) -> Mail:
    """The mail; one without anything where the bytes are none. A forwarded mail inside is read with it."""
    try:
        message = email.message_from_bytes(data.lstrip(b"\r\n"), policy=policy.default)
        parts = [part for part in message.walk() if isinstance(part, EmailMessage)][:_PARTS_MAX]
    except Exception:  # headers broken in ways that share no class of error
        return Mail()
    heads = [part for part in parts if part is message or "from" in part]
    name, address = _sender(heads[-1]) if heads else (None, None)
    texts, attached = [], []
    for part in parts:
        content = _content(part)
        if content is None:
            continue
        kind, named = part.get_content_type(), _name(part)
        if named or part.get_content_disposition() == "attachment":
            attached.append(Attached(named or "attachment", content))
        elif kind == "text/html":
            texts.append(html_text(plain_text(content)) if b"<" not in content[:4096] else plain_text(content))
        elif kind == "text/plain":
            texts.append(plain_text(content))
    return Mail(name, address, _sent_on(message), _header(message, "subject"), tuple(texts), tuple(attached))


def _content(part: EmailMessage) -> bytes | None:
    """What a leaf part holds, in UTF-8 where it is text; None for what holds parts, and for what cannot be read."""
    if part.is_multipart():
        return None
    try:
        held = part.get_content()
    except Exception:  # an unknown charset, a broken encoding: the bytes as they are
        try:
            held = part.get_payload(decode=True)
        except Exception:
            return None
    if isinstance(held, str):
        held = held.encode("utf-8", errors="replace")
    return held[:_ATTACHED_MAX] if isinstance(held, bytes) else None


def _name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or ""
    except Exception:
        return ""


def _header(part: EmailMessage, name: str) -> str:
    try:
        return str(part.get(name) or "")[:500]
    except Exception:
        return ""


def _sender(part: EmailMessage) -> tuple[str | None, str | None]:
    name, address = parseaddr(_header(part, "from"))
    return name.strip() or None, address.strip() or None


def _sent_on(part: EmailMessage) -> date | None:
    try:
        return parsedate_to_datetime(_header(part, "date")).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
