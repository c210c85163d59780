"""XML from strangers: any DOCTYPE is refused, nothing is fetched, entities are not expanded, depth is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

_DEPTH_MAX = 256


class HostileXmlError(ValueError):
    """The document has a DOCTYPE, or is nested beyond any real message."""


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
        huge_tree=True,
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
    """Raises HostileXmlError where the document's prologue declares a DOCTYPE."""
    with path.open("rb") as file:
        refuse_doctype_bytes(file.read(64 * 1024))


def refuse_doctype_bytes(data: bytes) -> None:
    """The same for bytes in hand; UTF-16 text is looked through as well."""
    prologue = data[: 64 * 1024].replace(b"\x00", b"").upper()
    if b"<!DOCTYPE" in prologue or b"<!ENTITY" in prologue:
        raise HostileXmlError("the document declares a DOCTYPE, which bank and invoice messages never do")
