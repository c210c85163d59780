"""The customer deducted an advance (acompte) that it had paid before."""

from __future__ import annotations

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import EXACT, SAID, Cause, Found, Line, Proof, spread
from encours.core.matching.differences.known.credit_note import exactly
from encours.core.matching.differences.policy import Rule


class _DeductedAdvance(Cause):
    name = "deducted_advance"
    sentence = "The customer deducted an advance that it had paid before."
    kind = "cash"
    rule = Rule(account="4191", owner="cash_application")
    unproved = "no open advance has this amount"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """A down payment that is open for the gap; else an earlier receipt with exactly this money left."""
        if case.gap <= 0 or not case.owed:
            return None
        paid = exactly(case, [note for note in case.credits if note.kind == "down_payment"])
        if paid:
            named = ", ".join(note.number for note in paid)
            proof = Proof(EXACT, f"advance {named} is open for exactly {case.money(case.gap)}")
            return Found(proof, tuple(Line(note.item_id, note.open, self.kind) for note in paid))
        for money in case.free:
            if money.unapplied == case.gap:
                told = f"receipt {money.receipt_id} of {money.booked_on} has exactly {case.money(case.gap)} left"
                return Found(Proof(SAID, f"{told}: apply it to the rest"), spread(case, ""))
        return None

    def by_hand(self, case: Case) -> tuple[Line, ...]:
        """Without an advance there is nothing to use up: the gap stays where it is."""
        return ()


CAUSE = _DeductedAdvance()
