"""The customer's country took its tax out of the payment (retenue à la source)."""

from __future__ import annotations

from decimal import Decimal

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import SAID, USUAL, Cause, Found, Proof, plain, share, spread
from encours.core.matching.differences.policy import Rule

_SAYS = r"\b(WHT|WITHHOLDING|RETENUE A LA SOURCE|RAS|TAX DEDUCTED|TDS)\b"
_RATES = tuple(map(Decimal, (5, 8, 10, 12, 15, 18, 20, 25, 30)))


class _Withholding(Cause):
    name = "withholding"
    sentence = "The customer's country withheld a tax on the payment."
    kind = "charge"
    concedes = True
    rule = Rule(account="447", owner="tax", percent=Decimal(30))
    unproved = "nothing says that a tax was withheld"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """A foreign payer, and a rate of withholding tax or its words."""
        if case.gap <= 0 or not case.owed:
            return None
        rate = next((rate for rate in _RATES if abs(share(case.total, rate) - case.gap) <= 1), None)
        if case.says(_SAYS):
            told = f"{case.money(case.gap)} less came, and the payer's text speaks of a tax withheld"
            return Found(Proof(SAID, told), spread(case, self.kind))
        if not case.is_from_abroad or rate is None:
            return None
        told = (
            f"{case.money(case.gap)} is {plain(rate)} % of the items, a rate of withholding tax, and came from abroad"
        )
        return Found(Proof(USUAL, told), spread(case, self.kind))


CAUSE = _Withholding()
