"""The customer deducts a logistics penalty, which the law (C. com. L441-17) does not let it do by itself."""

from __future__ import annotations

from encours.core.matching.differences.known._short import Short
from encours.core.matching.differences.policy import Rule


class _LogisticsPenalty(Short):
    name = "logistics_penalty"
    sentence = "The customer deducts a logistics penalty, which it may claim but not deduct by itself."
    rule = Rule(account="6711", owner="logistics")
    disputes = "penalty"
    says = r"\b(PENALITES? LOGISTIQUES?|PENALITES?|PENALTY|PENALTIES|OTIF|TAUX DE SERVICE|RETARDS? (DE )?LIVRAISONS?)\b"
    because = "penalties"


CAUSE = _LogisticsPenalty()
