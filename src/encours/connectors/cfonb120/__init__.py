"""CFONB120: the French banks' account statement in records of 120 characters."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.cfonb120.read import read

#: Record code, bank, 4 of the bank's own, branch, currency or blank, decimals or blank, one free, account.
_RECORD = re.compile(rb"0[1457]\d{5}.{4}\d{5}(?:[A-Z]{3}|   )[\d ].[0-9A-Z ]{11}")


def sniff(head: bytes, name: str) -> float:
    """1 where the first characters are a record of this layout."""
    return 1.0 if _RECORD.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) else 0.0


CONNECTOR = Connector("cfonb120", "Relevé de compte CFONB 120", sniff, read, (".txt", ".cfonb", ".120", ".rlv"))
