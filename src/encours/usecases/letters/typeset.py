"""Typesetting: one compiler for all letters of a process, fonts that come with it, the same bytes for the same data."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import typst

#: What letters are written as. Of the archive formats it is the one that Apache's Preflight, which every Debian has,
#: judges as it stands; a letter needs nothing that the later ones allow.
STANDARD: Literal["a-1b"] = "a-1b"
_lock = threading.Lock()  # a compiler keeps its inputs: one letter at a time


#: A PDF as pictures: the typesetter itself draws its pages, so that nothing more is needed to look at one.
_REDRAWN = b"""
#set page(width: 595.28pt, height: 841.89pt, margin: 0pt)
#let pdf = bytes(json(bytes(sys.inputs.pdf)))
#for page in range(1, int(sys.inputs.pages) + 1) { image(pdf, format: "pdf", page: page, width: 100%, alt: "") }
"""


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    import typst

    return typst.Compiler(ignore_system_fonts=True)


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files("encours.usecases.letters").joinpath("letter.typ").read_bytes()


def typeset(data: Mapping[str, Any], day: date) -> bytes:
    """The letter as PDF/A. Nothing of `data` is read as markup; `day` is the document's own date."""
    return bytes(_compiled(data, "pdf", day))


def pictures(data: Mapping[str, Any], ppi: float = 110) -> list[bytes]:
    """The letter's pages as PNG, for a preview."""
    pages = _compiled(data, "png", date(2000, 1, 1), ppi)
    return [bytes(page) for page in pages] if isinstance(pages, list) else [bytes(pages)]


def pages_of(pdf: bytes, most: int, ppi: float = 110) -> tuple[list[bytes], int]:
    """(PNG of the first pages of an A4 PDF, `most` of them; how many pages it has). Raises ValueError for no PDF."""
    import pypdf

    try:
        count = len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
        inputs = {"pdf": json.dumps(list(pdf)), "pages": str(min(count, most))}
        with _lock:
            drawn = _compiler().compile(_REDRAWN, format="png", ppi=ppi, sys_inputs=inputs)
    except (pypdf.errors.PyPdfError, RuntimeError) as error:
        raise ValueError(f"these pages cannot be drawn: {error}") from None
    return [bytes(page) for page in drawn] if isinstance(drawn, list) else [bytes(drawn or b"")], count


def _compiled(data: Mapping[str, Any], form: Literal["pdf", "png"], day: date, ppi: float | None = None) -> Any:
    # As a file beside the template: an input of the system would have the compiler build its whole library anew.
    files: Any = {"main": _template(), "data.json": json.dumps(data, ensure_ascii=False).encode()}
    stamp = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    standards: Any = [STANDARD] if form == "pdf" else []
    with _lock:
        return _compiler().compile(files, format=form, ppi=ppi, pdf_standards=standards, timestamp=stamp)
