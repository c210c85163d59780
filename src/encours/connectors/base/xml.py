"""XML from strangers: any DOCTYPE is refused, nothing is fetched, entities are not expanded, depth is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

_PROLOGUE_BYTES = 1024 * 1024
_SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"))
_ENCODING = re.compile(rb"<\?xml[^>]*\sencoding\s*=\s*[\"']([^\"']*)")
_ASCII_LIKE = re.compile(rb"(?i)utf-?(8|16|16le|16be)|us-ascii|ascii|latin-?\d+|iso-?8859-\d+|(windows|cp)-?125\d")


class HostileXmlError(ValueError):
    """The document has a DOCTYPE, or a prologue that hides whether it has one."""


def iterate(path: Path, *tags: str) -> Iterator[tuple[str, Any]]:
    """(event, element) of the wanted tags (`{*}Ntry`), freeing what was read before each end event's successor.

    Both `start` and `end` events come. The caller clears the elements it is done with (`free`). Raises
    HostileXmlError, and etree.XMLSyntaxError where the document breaks off (what came before was yielded).
    """
    refuse_doctype(path)
    parser = etree.iterparse(
        str(path),
        events=("start", "end"),
        tag=tags or None,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    yield from parser


def free(element: Any) -> None:
    """Releases an element that was read and its siblings before it: memory stays flat on any file."""
    element.clear()
    parent = element.getparent()
    if parent is None:
        return
    while element.getprevious() is not None:
        del parent[0]


def parse(data: bytes) -> Any:
    """The root element of a small document. Raises HostileXmlError or etree.XMLSyntaxError."""
    refuse_doctype_bytes(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(data, parser)


def refuse_doctype(path: Path) -> None:
    """Raises HostileXmlError where the document's prologue declares a DOCTYPE, or hides what it holds."""
    with path.open("rb") as file:
        refuse_doctype_bytes(file.read(_PROLOGUE_BYTES))


def refuse_doctype_bytes(data: bytes) -> None:
    """The same for bytes in hand; UTF-16 text is looked through as well.

    The prologue is walked to the root element, so that nothing hides behind comments; one longer than a
    megabyte, or in an encoding in which tags are not spelled in ASCII, is refused as well.
    """
    prologue = data[:_PROLOGUE_BYTES].replace(b"\x00", b"")
    encoding = _ENCODING.search(prologue[:256])
    if encoding and not _ASCII_LIKE.fullmatch(encoding[1]):
        raise HostileXmlError(f"the encoding {encoding[1].decode('ascii', 'replace')} is none that messages use")
    position = 0
    while (position := prologue.find(b"<", position)) >= 0:
        end = next((end for start, end in _SKIPPED if prologue.startswith(start, position)), None)
        if end is None:
            break
        position = prologue.find(end, position + 2)
        if position < 0:
            break
    if position >= 0 and prologue.startswith(b"<!", position):
        raise HostileXmlError("the document declares a DOCTYPE, which bank and invoice messages never do")
    if position < 0 and len(data) >= _PROLOGUE_BYTES:
        raise HostileXmlError("the document has no root element within its first megabyte")
