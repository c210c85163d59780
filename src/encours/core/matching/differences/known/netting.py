"""The customer is a supplier too and pays the difference (compensation avec le compte 401)."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import SAID, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule

_SAYS = r"\b(COMPENS\w*|NETTING|SET ?OFF|CPTE? FRS|COMPTE FOURNISSEUR|VOS FACTURES DUES)"


class _Netting(Cause):
    name = "netting"
    sentence = "The customer is a supplier too and netted what we owe it."
    kind = "netting"
    rule = Rule(account="401", owner="accounting")
    unproved = "nothing says that a supplier account is netted"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Said by the payer's text."""
        if case.gap <= 0 or not case.owed or not case.says(_SAYS):
            return None
        told = f"{case.money(case.gap)} less came, and the payer's text speaks of netting"
        return Found(Proof(SAID, told), spread(case, self.kind))

    def outside(self, case: Case, rule: Rule) -> str:
        """What is netted goes to a supplier's account: without one it could only stand under a customer's code."""
        if case.not_suppliers:
            who = case.not_suppliers[0]
            return f"nobody has said which supplier customer {who} is: give its account in the accounts and journals"
        return super().outside(case, rule)


CAUSE = _Netting()
