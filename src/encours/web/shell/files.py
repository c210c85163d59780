"""Files that a page hands out: a PDF opens where it is asked for, everything else is saved."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

#: What a browser may open under our own address; anything else could run there.
_OPENED = frozenset({"application/pdf"})


def as_file(name: str, content_type: str, content: bytes) -> HttpResponse:
    """The answer that holds a file."""
    opened = content_type in _OPENED
    answer = HttpResponse(content, content_type=content_type if opened else "application/octet-stream")
    answer.headers["Content-Disposition"] = content_disposition_header(not opened, name) or "attachment"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
