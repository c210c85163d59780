"""SEPA direct debits that we ask for (pain.008, all versions)."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.pain008.read import read

_MESSAGE = re.compile(rb"<(?:\w+:)?CstmrDrctDbtInitn[\s>]")


def sniff(head: bytes, name: str) -> float:
    """1 where the message's own element or its namespace stands in the head."""
    text = head.replace(b"\x00", b"")
    return 1.0 if _MESSAGE.search(text) or b"xsd:pain.008." in text else 0.0


CONNECTOR = Connector("pain008", "SEPA direct debits (pain.008)", sniff, read, (".xml",))
