"""A small rest that is long overdue is given up as lost (perte sur créance irrécouvrable)."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import POSSIBLE, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule


class _Loss(Cause):
    name = "loss"
    sentence = "The rest is given up: asking for it would cost more than it brings."
    kind = "write_off"
    concedes = True
    rule = Rule(account="654", owner="credit", limit=2_000, days=180)
    unproved = "the items are not overdue"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Less came for items that are overdue; outside the policy until they are old enough."""
        if case.gap <= 0 or not case.owed:
            return None
        late = (case.paid_on - max(item.due_on for item in case.owed)).days
        if late <= 0:
            return None
        proof = Proof(POSSIBLE, f"{case.money(case.gap)} is open and {late} days overdue")
        young = rule.days is not None and late < rule.days
        outside = f"it is given up only once it is {rule.days} days overdue" if young else ""
        return Found(proof, spread(case, self.kind), outside)


CAUSE = _Loss()
