"""Delivery status notifications: what a mail server says became of a message (bounces)."""

from __future__ import annotations

import re

from encours.connectors.base.contract import Connector
from encours.connectors.dsn.read import read

_REPORT = re.compile(rb"content-type:\s*multipart/report\b", re.IGNORECASE)
_STATUS = re.compile(rb"report-type\s*=\s*\"?delivery-status|message/delivery-status", re.IGNORECASE)
_HEADER = re.compile(rb"(?:[!-9;-~]+:[ \t]?[^\r\n]*|From [^\r\n]*)\r?\n")


def sniff(head: bytes, name: str) -> float:
    """1 where an e-mail's header says that it reports on a delivery."""
    if not _HEADER.match(head):
        return 0.0
    return 1.0 if _STATUS.search(head) and _REPORT.search(head) else 0.0


CONNECTOR = Connector("dsn", "Delivery status notification", sniff, read, (".eml",))
