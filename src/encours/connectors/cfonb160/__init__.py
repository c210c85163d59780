"""CFONB160: drafts (LCR, BOR) that we remit to the bank, in records of 160 characters."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.cfonb160.read import read

#: Record code (a torn file opens with a draft), operation 60 or 61, number of the record.
_RECORD = re.compile(rb"0[36](60|61)\d{8} *[\dA-Z ]{12}")


def sniff(head: bytes, name: str) -> float:
    """1 where the first characters are the header or a draft of a remittance."""
    return 1.0 if _RECORD.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) else 0.0


CONNECTOR = Connector("cfonb160", "Remise de LCR CFONB 160", sniff, read, (".txt", ".cfonb", ".160", ".lcr"))
