"""The customer paid the interest for late payment, the indemnity of 40 euros, or both (C. com. L441-10)."""

from __future__ import annotations

from encours.core.base.issue import CallError
from encours.core.matching.differences.case import Case, Chosen
from encours.core.matching.differences.cause import EXACT, Cause, Found, Line, Proof
from encours.core.matching.differences.policy import Rule
from encours.core.terms.interest import INDEMNITY_CENTS, Regime, late_interest


class _LatePenalties(Cause):
    name = "late_penalties"
    sentence = "The customer paid interest for late payment or the indemnity of 40 euros."
    kind = "write_off"  # what came beyond the invoice is an income of its own account
    rule = Rule(account="7631", owner="accounting")
    unproved = "no interest or indemnity of this amount is due"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """What came beyond late items is the indemnity of each, the interest of the law, or both."""
        late = [item for item in case.owed if item.due_on < case.paid_on]
        if case.gap >= 0 or not late or case.buyer == "consumer":
            return None
        indemnities = INDEMNITY_CENTS * len(late) if case.currency == "EUR" else 0
        interest = _interest(case, late)
        told = _told(case, len(late), indemnities, interest)
        if told is None:
            return None
        return Found(Proof(EXACT, told), (Line(late[0].item_id, case.gap, self.kind),))


def _told(case: Case, late: int, indemnities: int, interest: int) -> str | None:
    extra, near = -case.gap, late  # a cent an item may be rounding
    if indemnities and extra == indemnities:
        return f"exactly the indemnity of 40 EUR on {late} late items"
    if interest and abs(extra - interest) < near:
        return f"exactly the legal interest of {case.money(interest)} on {late} late items"
    if interest and indemnities and abs(extra - interest - indemnities) < near:
        return f"exactly the legal interest of {case.money(interest)} and the indemnity of {late} late items"
    return None


def _interest(case: Case, late: list[Chosen]) -> int:
    if case.rates is None:
        return 0
    regime = Regime(buyer="public" if case.buyer == "public" else "business")
    try:
        found = [late_interest(item.open, item.due_on, case.paid_on, case.rates, regime) for item in late]
    except CallError:  # no rate is known for those days
        return 0
    return sum(one.interest for one in found)


CAUSE = _LatePenalties()
