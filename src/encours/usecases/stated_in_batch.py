"""What the advice or the report of a receipt's batch states: the fee that was kept, and why each item is paid short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from encours.core.base.numbers import bare_signs
from encours.core.matching.advices import deduction_kind
from encours.store.models import AdviceLine, AdviceReceipt


@dataclass(frozen=True)
class Stated:
    """`fee`: what whoever collected the money kept, minor units; `form`: whose paper it is (advice, payout, factor).

    `reasons`: number of a document, letters and digits alone, or item id -> why something was taken off it.
    """

    fee: int
    form: str
    reasons: Mapping[str, str]

    @property
    def fee_from(self) -> str:
        """Whose fee it is; "" where a payer's own advice states it: then it is a bank's charge."""
        return self.form if self.form != "advice" and self.fee > 0 else ""

    def reason_of(self, number: str, item_id: str) -> str:
        """Why something was taken off this item; "" where nothing says it."""
        return self.reasons.get(item_id) or self.reasons.get(bare_signs(number), "")


def stated_by(receipt_id: str) -> Stated | None:
    """What the advice of a receipt states; None where no search took the receipt for one."""
    tie = AdviceReceipt.objects.filter(receipt_id=receipt_id).select_related("advice").order_by("pk").first()
    if tie is None:
        return None
    rows = AdviceLine.objects.filter(advice=tie.advice, deducted__gt=0).order_by("line")
    reasons: dict[str, str] = {}
    kept = 0
    for row in rows:
        kept += row.deducted if deduction_kind(row.reason or "") == "charge" else 0
        for key in filter(None, (row.item_id, bare_signs(row.number or ""))):
            reasons.setdefault(key, row.reason or "")
    # What a report takes off its lines as a fee is the collector's, too.
    fee = tie.advice.fee + (kept if tie.advice.form != tie.advice.Form.ADVICE else 0)
    return Stated(fee, str(tie.advice.form), reasons)
