"""Reading printed invoices: which numbers stand in the file's name and in its text, and what the file's digest is."""

from __future__ import annotations

import io
import logging
import re
from hashlib import sha256
from pathlib import PurePosixPath

from pypdf import PdfReader

from encours.connectors.base.contract import Options, Reading, Source
from encours.core.base.issue import Issues

logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_PAGES_MAX, _TEXT_MAX = 3, 20_000
_FILE_BYTES_MAX = 50 << 20
_CANDIDATES_MAX = 400


def sniff(head: bytes, name: str) -> float:
    """0.4 for a PDF: one with an invoice inside is the e-invoice reader's."""
    return 0.4 if b"%PDF-" in head[:1024] else 0.0


def read(source: Source, options: Options) -> Reading:
    """No table: whose invoice it is needs the book. Fact `documents` lists path, sha256 and candidates of the file.

    `candidates` are the numbers of the file's name first, then those of the text, as keys (letters and digits, upper
    case), each once. `usecases.tie_documents` makes `documents` rows of them.
    """
    issues = Issues(source.name)
    if source.path.stat().st_size > _FILE_BYTES_MAX:
        issues.add("file_too_large", "a printed invoice is smaller than 50 MB", action="Send it in a smaller form.")
        return Reading("invoice_pdf", {}, issues.frame(), options.entity_id, {"documents": []})
    data = source.path.read_bytes()
    text = _text(data, issues)
    issues.add(
        "document_read",
        "a printed invoice; it is tied to the item whose number it bears",
        severity="info",
        action="Nothing to do.",
    )
    document = {
        "path": source.name,
        "sha256": sha256(data).hexdigest(),
        "candidates": candidates(PurePosixPath(source.name).stem, text),
        "has_text": bool(text.strip()),
    }
    return Reading("invoice_pdf", {}, issues.frame(), options.entity_id, {"documents": [document]})


def candidates(name: str, text: str) -> list[str]:
    """Keys that may be an invoice number: one to four neighbouring words with a digit, the name's before the text's."""
    found: dict[str, None] = {}
    for part in (name, text):
        words = re.findall(r"[0-9A-Z]+", part.upper())
        for size in (4, 3, 2, 1):
            for start in range(len(words) - size + 1):
                key = "".join(words[start : start + size])
                if 4 <= len(key) <= 30 and any(character.isdigit() for character in key):
                    found.setdefault(key)
    return list(found)[:_CANDIDATES_MAX]


def _text(data: bytes, issues: Issues) -> str:
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            issues.add("pdf_locked", "the PDF is locked with a password", severity="warning")
            return ""
        pages = reader.pages[:_PAGES_MAX]
        return "\n".join(page.extract_text() or "" for page in pages)[:_TEXT_MAX]
    except (Exception, RecursionError) as error:  # a damaged PDF breaks pypdf in ways that share no class of error
        issues.add(
            "pdf_unreadable",
            f"the PDF is damaged: {type(error).__name__}",
            severity="warning",
            action="Only its name is used; send the file again.",
        )
        return ""
