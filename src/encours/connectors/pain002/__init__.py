"""What the bank answers to the direct debits that we asked for (pain.002)."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.pain002.read import read

_MESSAGE = re.compile(rb"<(?:\w+:)?CstmrPmtStsRpt[\s>]")


def sniff(head: bytes, name: str) -> float:
    """1 where the message's own element or its namespace stands in the head."""
    text = head.replace(b"\x00", b"")
    return 1.0 if _MESSAGE.search(text) or b"xsd:pain.002." in text else 0.0


CONNECTOR = Connector("pain002", "Rejected direct debits (pain.002)", sniff, read, (".xml",))
