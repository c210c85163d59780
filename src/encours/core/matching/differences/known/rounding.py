"""The payment differs by cents: a rounding (écart de règlement)."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import SAID, USUAL, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule

#: A few cents are a rounding and nothing else.
_CENTS = 5
_FAR = 5


class _Rounding(Cause):
    name = "rounding"
    sentence = "The payment differs by a rounding that nobody asks for."
    kind = "write_off"
    concedes = True
    rule = Rule(account="658", gain_account="758", owner="cash_application", limit=100)

    def find(self, case: Case, rule: Rule) -> Found | None:
        """A difference of cents, either way, on items that are owed."""
        worth = case.worth(case.gap)
        if not case.owed or worth is None or worth > _FAR * (rule.limit or 0):
            return None
        strength = SAID if worth <= _CENTS else USUAL
        word = "less" if case.gap > 0 else "more"
        return Found(Proof(strength, f"{case.money(case.gap)} {word} came than is open"), spread(case, self.kind))


CAUSE = _Rounding()
