"""The advices of an entity: what is announced, what came of it, and the money that is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db.models import QuerySet

from encours.core.matching.advice_tables import ADVICE_LINE_SCHEMA, ADVICE_SCHEMA, Advices
from encours.store.models import Advice, AdviceLine, AdviceReceipt, Allocation
from encours.usecases.rights import Actor, require

#: So long after the day that an advice names its invoices are not reminded of: after it the announcement was not kept.
HOLD_DAYS = 10


@dataclass(frozen=True)
class ExpectedReceipt:
    """Money that an advice announces and that is not there yet: `left` of `total` minor units. `numbers` are the
    invoices that it will pay: whoever reminds of them should wait."""

    advice_id: str
    customer_id: str | None
    payer_name: str | None
    reference: str | None
    currency: str
    total: int
    left: int
    announced_on: date
    numbers: tuple[str, ...]

    @property
    def held_until(self) -> date:
        """The last day on which whoever reminds of its invoices waits."""
        return self.announced_on + timedelta(days=HOLD_DAYS)


def expected_receipts(actor: Actor, entity_id: str) -> list[ExpectedReceipt]:
    """What advices announce and no receipt has brought, the latest first. Raises NotAllowedError."""
    require(actor, "see", entity_id)
    came: dict[int, int] = {}
    for number, amount in AdviceReceipt.objects.filter(advice__entity_id=entity_id).values_list("advice_id", "amount"):
        came[number] = came.get(number, 0) + amount
    found = []
    for advice in _alive(entity_id):
        left = advice.total - came.get(advice.pk, 0)
        if left > 0:
            numbers = tuple(line.number for line in advice.lines.all() if line.number)
            found.append(
                ExpectedReceipt(
                    advice.advice_id, advice.customer_id, advice.payer_name, advice.reference, advice.currency,
                    advice.total, left, advice.paid_on or advice.received_on, numbers,
                )
            )  # fmt: skip
    return found


def read_advices(entity_id: str) -> Advices | None:
    """The advices that a search follows, as frames; None where there is none. Drafts are followed by nobody."""
    heads = list(_alive(entity_id).values(*(name for name in ADVICE_SCHEMA if name != "entity_id")))
    if not heads:
        return None
    names = [name for name in ADVICE_LINE_SCHEMA if name != "advice_id"]
    rows = AdviceLine.objects.filter(advice__entity_id=entity_id, advice__dismissed=False, advice__draft=False)
    lines = [
        dict(zip(ADVICE_LINE_SCHEMA, row, strict=True))
        for row in rows.order_by("advice_id", "line").values_list("advice__advice_id", *names)
    ]
    frame = pl.DataFrame([{**head, "entity_id": entity_id} for head in heads], schema=ADVICE_SCHEMA)
    return Advices(frame, pl.DataFrame(lines, schema=ADVICE_LINE_SCHEMA))


def note_receipts(entity_id: str, found: dict[str, tuple[str, int]]) -> None:
    """Keeps which receipts the last search took for which advice: receipt_id -> (advice_id, amount). Ties by which
    something was posted stay."""
    ties = AdviceReceipt.objects.filter(advice__entity_id=entity_id)
    posted = set(
        Allocation.objects.filter(
            receipt_id__in=list(ties.values_list("receipt_id", flat=True)), is_current=True, reversed_on__isnull=True
        ).values_list("receipt_id", flat=True)
    )
    ties.exclude(receipt_id__in=posted).delete()
    numbers = dict(Advice.objects.filter(entity_id=entity_id).values_list("advice_id", "pk"))
    AdviceReceipt.objects.bulk_create(
        [
            AdviceReceipt(advice_id=numbers[advice_id], receipt_id=receipt_id, amount=amount)
            for receipt_id, (advice_id, amount) in found.items()
            if advice_id in numbers
        ],
        ignore_conflicts=True,
    )


def _alive(entity_id: str) -> QuerySet[Advice]:
    return Advice.objects.filter(entity_id=entity_id, dismissed=False, draft=False).order_by("-received_on", "-pk")
