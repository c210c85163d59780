"""The invoice inside a PDF: Factur-X and ZUGFeRD attach it as XML under one of three names."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader

#: A PDF may hold several files: this is the order in which an invoice is looked for.
NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
_XML_BYTES_MAX = 64 << 20

# pypdf logs each oddity of a damaged file; what matters comes back as an issue.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class UnreadablePdfError(ValueError):
    """The PDF is damaged, locked or unreasonably large; the message says which."""


def attached_invoice(data: bytes) -> bytes | None:
    """The XML of the attached invoice; None where the PDF has no such attachment. Raises UnreadablePdfError."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadablePdfError("the PDF is locked with a password")
        files = {name.lower(): contents for name, contents in reader.attachments.items()}
    except UnreadablePdfError:
        raise
    except Exception as error:  # a damaged PDF breaks pypdf in ways that share no class of error
        raise UnreadablePdfError(f"the PDF is damaged: {type(error).__name__}: {error}"[:200]) from None
    except RecursionError:
        raise UnreadablePdfError("the PDF is damaged: its objects refer to each other without end") from None
    found = next((files[name] for name in NAMES if name in files), None)
    if found is None:
        found = next((contents for name, contents in sorted(files.items()) if name.endswith(".xml")), None)
    if not found:
        return None
    xml = bytes(found[0])
    if len(xml) > _XML_BYTES_MAX:
        raise UnreadablePdfError("the attached XML is larger than 64 MB")
    return xml
