"""What the causes share that whoever collected the money states in the report of its batch."""

from __future__ import annotations

from typing import ClassVar

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import EXACT, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule


class StatedFee(Cause):
    """What who collected the money keeps by contract: nobody gives anything up, and a transfer's charge says nothing
    about it. `form`: whose report states it."""

    kind = "charge"
    unproved = "no report of the batch states such a fee"
    form: ClassVar[str]

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Exactly what the report states, or a part of it where the batch came as several receipts."""
        if case.fee_from != self.form or not 0 < case.gap <= case.fee or not case.owed:
            return None
        told = f"the report of the batch states a fee of {case.money(case.fee)}"
        return Found(Proof(EXACT, told), spread(case, self.kind))
