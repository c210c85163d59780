"""The customer pays another price than was invoiced (écart de prix)."""

from __future__ import annotations

from encours.core.matching.differences.known._short import Short
from encours.core.matching.differences.policy import Rule


class _PriceShort(Short):
    name = "price_short"
    sentence = "The customer pays another price than was invoiced."
    rule = Rule(account="709", owner="sales")
    disputes = "price"
    says = r"\b(PRIX|TARIFS?|PU|ECARTS? DE PRIX|PRICES?|PRICING)\b"
    because = "the price"
    bare = True


CAUSE = _PriceShort()
