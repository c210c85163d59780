"""CFONB240: operations that the bank gives back in detail: drafts and direct debits unpaid, transfers."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.cfonb240.read import read

#: Record code, number of the record, operation, date, currency index.
_RECORD = re.compile(rb"3[149]\d{6}[\dA-Z ]{2}\d{6}[E ]")


def sniff(head: bytes, name: str) -> float:
    """1 where the first characters are a record of this layout."""
    return 1.0 if _RECORD.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) else 0.0


CONNECTOR = Connector("cfonb240", "Opérations restituées CFONB 240", sniff, read, (".txt", ".cfonb", ".240"))
