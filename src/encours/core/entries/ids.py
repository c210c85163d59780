"""The ids by which what left for the ERP is known again."""

from __future__ import annotations

import base64
import hashlib

#: How an Encours id looks in a piece or a label.
PATTERN = r"ENC[A-Z2-7]{13}"
#: The mark behind an allocation's id under which its reversal is exported.
REVERSED = ":reversed"


def encours_id(key: str) -> str:
    """The short id of an exported allocation or entry: the same whenever it is asked for."""
    digest = hashlib.sha256(key.encode()).digest()
    return "ENC" + base64.b32encode(digest)[:13].decode()


def counter_id(allocation_id: str) -> str:
    """The id under which the reversal of an exported allocation leaves."""
    return encours_id(allocation_id + REVERSED)
