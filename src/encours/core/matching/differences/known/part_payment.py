"""The customer pays a part now and the rest later (règlement partiel)."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import POSSIBLE, SAID, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule

#: Whole words: a partner (PARTENAIRE) and what is sent on behalf of somebody (DE LA PART DE) speak of no part.
_SAYS = (
    r"\b(PARTIEL(S|LES?|LEMENT)?|ECHEANCIERS?|MENSUALITES?|1ERE?|2E(ME)?|3E(ME)?|TRANCHES?|VERSEMENTS?"
    r"|PARTIAL(LY)?|PART (PAYMENTS?|PMT|[0-9]+)|INSTALL?(MENTS?)?)\b"
)


class _PartPayment(Cause):
    name = "part_payment"
    sentence = "The customer pays a part now; the rest stays open as it is."
    kind = ""
    rule = Rule(account="411", owner="collection")

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Less came; surer where the text speaks of parts."""
        if case.gap <= 0 or not case.owed:
            return None
        if case.says(_SAYS):
            told = f"{case.money(case.gap)} less came, and the payer's text speaks of a part"
            return Found(Proof(SAID, told), spread(case, ""))
        return Found(Proof(POSSIBLE, f"{case.money(case.gap)} stays open"), spread(case, ""))


CAUSE = _PartPayment()
