"""A bank on the way took its charge out of the payment."""

from __future__ import annotations

from decimal import Decimal

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import POSSIBLE, SAID, USUAL, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule

_SAYS = r"\b(FRAIS|COMMISSIONS?|FEES?|CHARGES?|CHGS?|SHA|NET DE FRAIS)\b"
#: Beyond so many times the limit nobody takes it for a bank's charge.
_FAR = 4


class _BankCharge(Cause):
    name = "bank_charge"
    sentence = "A bank on the way kept its charge out of the payment."
    kind = "charge"
    concedes = True
    rule = Rule(account="627", owner="treasury", limit=5_000, percent=Decimal(20))

    def find(self, case: Case, rule: Rule) -> Found | None:
        """A little less than is open: surer where the text says charges or the money came from abroad."""
        worth = case.worth(case.gap)
        if case.gap <= 0 or not case.owed or 2 * case.gap > case.total:
            return None
        if worth is not None and rule.limit is not None and worth > _FAR * rule.limit:
            return None
        return Found(self._proof(case), spread(case, self.kind))

    def _proof(self, case: Case) -> Proof:
        if case.says(_SAYS):
            return Proof(SAID, f"{case.money(case.gap)} less came, and the payer's text speaks of charges")
        if case.is_from_abroad and not case.is_foreign:
            return Proof(USUAL, f"{case.money(case.gap)} less came from abroad, where banks share their charges")
        return Proof(POSSIBLE, f"{case.money(case.gap)} less came, as much as a bank takes for a transfer")


CAUSE = _BankCharge()
