"""A SWIFT text as its fields, each with the line it begins on; messages as the fields from one `:20:` to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):", re.ASCII)
#: No field of these messages is longer; what is, lost its line ends and is cut.
FIELD_MAX = 16_000


@dataclass(slots=True)
class Field:
    """One field: its tag (`61`, `62F`), its text with line ends inside, the line it begins on."""

    tag: str
    text: str
    line: int


@dataclass(slots=True)
class Message:
    """The fields of one statement. `stray` ones stand before any `:20:`: a torn-off part of a message."""

    line: int
    stray: bool
    fields: list[Field] = field(default_factory=list)


def messages(text: str) -> Iterator[Message]:
    """The messages of a file, one after the other."""
    message: Message | None = None
    for part in fields(text):
        if part.tag == "20":
            if message is not None:
                yield message
            message = Message(part.line, stray=False)
        elif message is None:
            message = Message(part.line, stray=True)
        message.fields.append(part)
    if message is not None:
        yield message


def fields(text: str) -> Iterator[Field]:
    """The fields of a text. Lines outside any field (SWIFT envelopes, bank headers) are passed over."""
    tag, line = "", 0
    parts: list[str] = []
    broken_colon = False
    for number, raw in enumerate(text.lstrip("\ufeff").split("\n"), start=1):
        here = raw.strip("\r\x00\x1a").rstrip()
        # A line that holds nothing but the colon of the next line's tag.
        if here.strip() == ":":
            broken_colon = True
            continue
        if broken_colon:
            here, broken_colon = ":" + here, False
        found = _TAG.match(here)
        if found:
            if tag:
                yield Field(tag, "\n".join(parts)[:FIELD_MAX], line)
            tag, line, parts = found[1], number, [here[found.end() :]]
        elif here.strip() == "-" or here.startswith(("-}", "{1:", "{2:", "{4:")):
            if tag:
                yield Field(tag, "\n".join(parts)[:FIELD_MAX], line)
            tag = ""
        elif tag and here:
            parts.append(here)
    if tag:
        yield Field(tag, "\n".join(parts)[:FIELD_MAX], line)
