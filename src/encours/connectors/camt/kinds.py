"""The receipt kind of a camt entry: its ISO code, else the bank's proprietary one, else its sign."""

from __future__ import annotations

from functools import lru_cache

from encours.connectors.base.bank_codes import (
    kind_by_sign,
    kind_from_cfonb,
    kind_from_gvc,
    kind_from_iso,
    kind_from_swift,
)
from encours.connectors.camt.entry import Fields


def kind_of(entry: Fields, detail: Fields, credit: bool) -> str:
    """One of the Book's receipt kinds. A reversal or a return reason says `return` whatever the code says."""
    if entry.get("reversal") in ("true", "1") or "return_reason" in detail:
        return "return"
    get, below = entry.get, detail.get
    found = None
    if "domain" in detail or "proprietary" in detail:
        found = _kind(below("domain"), below("family"), below("sub_family"), below("proprietary"), credit)
    found = found or _kind(get("domain"), get("family"), get("sub_family"), get("proprietary"), credit)
    return found or kind_by_sign(credit)


@lru_cache(maxsize=1024)
def _kind(
    domain: str | None, family: str | None, sub_family: str | None, proprietary: str | None, credit: bool
) -> str | None:
    return kind_from_iso(domain, family, sub_family, credit) or _proprietary(proprietary, credit)


def _proprietary(code: str | None, credit: bool) -> str | None:
    """French banks write the two characters of CFONB here, German ones `NTRF+166+…`, others a SWIFT type."""
    if code is None:
        return None
    parts = code.upper().split("+")
    if len(parts) > 1:
        return kind_from_gvc(parts[1], credit) or kind_from_swift(parts[0][-3:], credit)
    bare = parts[0]
    if len(bare) == 2:
        return kind_from_cfonb(bare, credit)
    return kind_from_swift(bare[1:], credit) if len(bare) == 4 and bare[0] in "NFS" else None
