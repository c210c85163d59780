"""The text of what an advice comes in: a PDF's pages, HTML laid out as lines, bytes in any encoding."""

from __future__ import annotations

import io
import logging
import re
from html.parser import HTMLParser

from encours.connectors.base.text import decode

logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_PAGES_MAX, TEXT_MAX = 60, 400_000
_HTML_MAX = 400_000
_HTML = re.compile(r"(?is)<(?:!doctype html|html|body|table|div|p)\b")
#: Tags that end a line; cells of one row stay on one line, apart by two spaces.
_LINES = frozenset(["p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "hr"])
_CELLS = frozenset(["td", "th"])
_UNSEEN = frozenset(["script", "style", "head", "title"])


def read_pdf(data: bytes) -> str:
    """The text of a PDF; "" where it has none or is none."""
    from pypdf import PdfReader  # here: to load it takes a tenth of a second of every worker's start

    try:
        reader = PdfReader(io.BytesIO(data))
        return "\n".join(page.extract_text() or "" for page in reader.pages[:_PAGES_MAX])[:TEXT_MAX]
    except (Exception, RecursionError):  # pypdf raises whatever a broken file makes it stumble over
        return ""


def plain_text(data: bytes) -> str:
    """The text of bytes, whatever their encoding; HTML becomes the lines that a reader of it sees."""
    text = decode(data[:_HTML_MAX]).text.replace("\r\n", "\n").replace("\r", "\n")
    return (html_text(text) if _HTML.search(text[:4096]) else text)[:TEXT_MAX]


def html_text(html: str) -> str:
    """HTML as lines: one a paragraph and one a table row."""
    page = _Page()
    page.feed(html[:_HTML_MAX])
    page.close()
    lines = (re.sub(r"[ \t\u00a0]*\n[ \t\u00a0]*", "\n", "".join(page.parts))).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


class _Page(HTMLParser):
    """Collects what is seen of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _LINES:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("  ")
