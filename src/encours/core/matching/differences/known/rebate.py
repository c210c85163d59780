"""The customer deducts a rebate (RFA, remise, ristourne) before its credit note is made."""

from __future__ import annotations

from encours.core.matching.differences.known._short import Short
from encours.core.matching.differences.policy import Rule


class _Rebate(Short):
    name = "rebate"
    sentence = "The customer deducts a rebate whose credit note is not made yet."
    rule = Rule(account="709", owner="sales")
    disputes = "rebate"
    says = r"\b(RFA|BFA|REMISES?|RISTOURNES?|RABAIS|REBATES?|BONUS)\b"
    because = "a rebate"


CAUSE = _Rebate()
