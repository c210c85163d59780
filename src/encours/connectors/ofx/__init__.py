"""OFX 1 (SGML) and 2 (XML), QFX: bank, card and investment-cash statements."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.ofx.read import read

_SURE = re.compile(rb"<OFX>|OFXHEADER|DATA:OFXSGML|<\?OFX\b", re.IGNORECASE)
_LIKELY = re.compile(rb"<(STMTTRN|STMTRS|BANKTRANLIST|CCSTMTRS)>", re.IGNORECASE)


def sniff(head: bytes, name: str) -> float:
    """1 where the header or the root element stands, less where only its elements do."""
    text = head.replace(b"\x00", b"")
    if _SURE.search(text):
        return 1.0
    return 0.9 if _LIKELY.search(text) else 0.0


CONNECTOR = Connector("ofx", "OFX, QFX", sniff, read, (".ofx", ".qfx"))
