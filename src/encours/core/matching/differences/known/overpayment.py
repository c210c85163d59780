"""More came than the chosen items ask for: the rest stays on the receipt (trop-perçu)."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import POSSIBLE, USUAL, Cause, Found, Line, Proof
from encours.core.matching.differences.policy import Rule


class _Overpayment(Cause):
    name = "overpayment"
    sentence = "More came than is owed; the rest stays on the receipt as the customer's money."
    kind = ""
    rule = Rule(account="4191", owner="cash_application")

    def find(self, case: Case, rule: Rule) -> Found | None:
        """More came; where it is just one of the items, that was paid twice."""
        if case.gap >= 0:
            return None
        twice = next((item.number for item in case.owed if item.open == -case.gap), None)
        lines = (Line(None, case.gap, ""),)
        if twice is not None:
            return Found(Proof(USUAL, f"{case.money(case.gap)} more came, exactly item {twice} once more"), lines)
        return Found(Proof(POSSIBLE, f"{case.money(case.gap)} more came than the items ask for"), lines)


CAUSE = _Overpayment()
