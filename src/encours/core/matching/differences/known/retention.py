"""The customer keeps 5 % back until the works are accepted without reserve (retenue de garantie, loi 71-584)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import EXACT, SAID, USUAL, Cause, Found, Line, Proof, plain, share, spread
from encours.core.matching.differences.policy import Rule

_SAYS = r"\b(RG|RETENUES?(?! A LA SOURCE)|GARANTIES?|RETENTION|HOLDBACK)\b"
#: Loi n° 71-584 du 16 juillet 1971, art. 1: the most that may be kept back, of the amount with tax.
_MOST = Decimal(5)


class _Retention(Cause):
    name = "retention"
    sentence = "The customer keeps a retention back until it is released."
    kind = "netting"  # off the invoice, and an item of its own until its release
    rule = Rule(account="4117", owner="collection", percent=_MOST, days=365)
    unproved = "nothing says that a retention was agreed"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Exactly the legal share of all chosen items, or of one of them; less of it where the payer says so."""
        percent = min(rule.percent or _MOST, _MOST)
        lines = _kept(case, percent)
        if not lines:
            most = sum(share(item.amount, percent) for item in case.owed)
            if not (0 < case.gap <= most and case.says(_SAYS)):
                return None
            told = f"{case.money(case.gap)} less came, and the payer's text speaks of a retention"
            return Found(Proof(SAID, told), spread(case, self.kind))
        told = f"{case.money(case.gap)} is {plain(percent)} % of the invoice, the retention of the law"
        return Found(Proof(EXACT if case.says(_SAYS) else USUAL, told), lines)

    def outside(self, case: Case, rule: Rule) -> str:
        """More than the law lets a customer keep back is no retention, whatever the amount."""
        most = min(rule.percent or _MOST, _MOST)
        whole = abs(sum(item.amount for item in case.owed))
        if case.total and abs(case.gap) * 100 > whole * most + 100 * len(case.owed):
            return f"{case.money(case.gap)} is more than {plain(most)} % of the items"
        return super().outside(case, replace(rule, percent=None))


def _kept(case: Case, percent: Decimal) -> tuple[Line, ...]:
    if case.gap <= 0:
        return ()
    parts = {item.item_id: min(share(item.amount, percent), item.open) for item in case.owed}
    every = sum(parts.values())
    if parts and abs(every - case.gap) < len(parts) + 1:
        first = case.owed[0]
        parts[first.item_id] += case.gap - every
        if 0 < parts[first.item_id] <= first.open:
            return tuple(Line(name, part, "netting") for name, part in parts.items() if part)
    single = [name for name, part in parts.items() if part == case.gap]
    return (Line(single[0], case.gap, "netting"),) if single else ()


CAUSE = _Retention()
