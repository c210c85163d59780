"""Statuses of e-invoices as platforms send them to the seller (lifecycle message, CDV)."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.cdar.read import read

_ROOT = re.compile(rb"<(?:[\w.-]+:)?CrossDomainAcknowledgementAndResponse[\s>]")


def sniff(head: bytes, name: str) -> float:
    """1 where the message's root stands in the head."""
    return 1.0 if _ROOT.search(head.replace(b"\x00", b"")) else 0.0


CONNECTOR = Connector("cdar", "E-invoice statuses (CDAR)", sniff, read, (".xml",))
