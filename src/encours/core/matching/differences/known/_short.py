"""What the causes share whose gap stays open until somebody clears it with the customer."""

from __future__ import annotations

from typing import ClassVar

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import BARE, SAID, Cause, Found, Proof, spread
from encours.core.matching.differences.policy import Rule


class Short(Cause):
    """Less came; the payer's text may say why. `says`: its words; `bare`: proposed without them, too."""

    kind = ""
    says: ClassVar[str]
    because: ClassVar[str]  # what the words speak of
    bare: ClassVar[bool] = False

    def find(self, case: Case, rule: Rule) -> Found | None:
        """Said by the payer's text, or merely possible."""
        if case.gap <= 0 or not case.owed:
            return None
        if case.says(self.says):
            told = f"{case.money(case.gap)} less came, and the payer's text speaks of {self.because}"
            return Found(Proof(SAID, told), spread(case, ""))
        if not self.bare:
            return None
        return Found(Proof(BARE, f"{case.money(case.gap)} less came, and the payer does not say why"), spread(case, ""))
