"""The customer pays for fewer goods than were invoiced (manquant, casse, retour)."""

from __future__ import annotations

from encours.core.matching.differences.known._short import Short
from encours.core.matching.differences.policy import Rule


class _QuantityShort(Short):
    name = "quantity_short"
    sentence = "The customer pays for fewer goods than were invoiced."
    rule = Rule(account="709", owner="logistics")
    disputes = "quantity"
    says = r"\b(MANQUANTS?|QTES?|QUANTITES?|CASSE|AVARIES?|RETOURS?|REFUS|NON LIVRES?|SHORTAGES?|DAMAGED?|MISSING)\b"
    because = "the goods"
    bare = True


CAUSE = _QuantityShort()
