"""The customer deducted credit notes that are in the books."""

from __future__ import annotations

from itertools import combinations

from encours.core.matching.differences.case import Case, Chosen
from encours.core.matching.differences.cause import EXACT, Cause, Found, Line, Proof
from encours.core.matching.differences.policy import Rule

_TOGETHER = 3
_LOOKED_AT = 40


class _CreditNote(Cause):
    name = "credit_note"
    sentence = "The customer deducted a credit note that is in the books."
    kind = "cash"
    rule = Rule(account="411", owner="cash_application")
    unproved = "no open credit note has this amount"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Open credit notes that make the gap exactly: one, two or three of them."""
        notes = exactly(case, [note for note in case.credits if note.kind != "down_payment"])
        if not notes:
            return None
        named = ", ".join(note.number for note in notes)
        proof = Proof(EXACT, f"credit note {named} is open for exactly {case.money(case.gap)}")
        return Found(proof, tuple(Line(note.item_id, note.open, self.kind) for note in notes))

    def by_hand(self, case: Case) -> tuple[Line, ...]:
        """Without a note there is nothing to use up: the gap stays where it is."""
        return ()


def exactly(case: Case, notes: list[Chosen]) -> tuple[Chosen, ...]:
    """The fewest open credits, the oldest first, that come to exactly the gap."""
    if case.gap <= 0:
        return ()
    rows = [note for note in notes if -case.gap <= note.open < 0 and note.currency == case.currency]
    rows = sorted(rows, key=lambda note: (note.issued_on, note.item_id))[:_LOOKED_AT]
    for size in range(1, _TOGETHER + 1):
        for some in combinations(rows, size):
            if sum(note.open for note in some) == -case.gap:
                return some
    return ()


CAUSE = _CreditNote()
