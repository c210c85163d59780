"""SWIFT MT940 (statement) and MT942 (interim report)."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.mt940.read import read

_FIELD = re.compile(rb"^:(20|21|25P?|28C?|60[FM]?|61|62[FM]?|64|86|34F|13D?|90[CD]|NS):", re.MULTILINE)
_SURE = re.compile(rb"^:(60[FM]?|61|62[FM]?|28C|34F|64):", re.MULTILINE)


def sniff(head: bytes, name: str) -> float:
    """1 where a line opens with a field that only these messages have, less for fields they share with others."""
    text = head.replace(b"\x00", b"").replace(b"\r", b"\n")
    if _SURE.search(text):
        return 0.95
    return 0.6 if _FIELD.search(text) else 0.0


CONNECTOR = Connector("mt940", "MT940, MT942 (SWIFT)", sniff, read, (".sta", ".mt940", ".940", ".942", ".swi"))
