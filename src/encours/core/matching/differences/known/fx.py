"""The money came in another currency and its rate makes the difference (écart de change)."""

from __future__ import annotations

from decimal import Decimal

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import USUAL, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule


class _Fx(Cause):
    name = "fx"
    sentence = "The money came in another currency; its rate makes the difference."
    kind = "fx"
    rule = Rule(account="666", gain_account="766", owner="treasury", percent=Decimal(2))
    unproved = "the money came in the currency of the items"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """A small difference between two currencies, either way."""
        if not case.is_foreign or not case.owed or abs(case.gap) * 10 > abs(case.total):
            return None
        told = f"{case.money(case.gap)} between {case.paid_in} and {case.currency} at the rate of the day"
        return Found(Proof(USUAL, told), spread(case, self.kind))


CAUSE = _Fx()
