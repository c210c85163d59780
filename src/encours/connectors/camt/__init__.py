"""ISO 20022 cash management: camt.052 (report), camt.053 (statement), camt.054 (notification), any version."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.camt.read import read

_ROOTS = re.compile(rb"camt\.05[234]|<(\w+:)?BkToCstmr(Stmt|AcctRpt|DbtCdtNtfctn)\b")


def sniff(head: bytes, name: str) -> float:
    """1 where the message's namespace or its root element stands in the head."""
    return 1.0 if _ROOTS.search(head.replace(b"\x00", b"")) and b"<" in head else 0.0


CONNECTOR = Connector("camt", "camt.052, camt.053, camt.054 (ISO 20022)", sniff, read, (".xml", ".camt", ".053"))
