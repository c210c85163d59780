"""What a cause of a difference is: a sentence, how it is proved, how it is booked, and by which rule it ships."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.policy import Rule

#: How well a cause is proved: a document says exactly this; the payer's text says it; the figure is usual for it; it
#: may be; nothing speaks for it but that the difference is there.
EXACT, SAID, USUAL, POSSIBLE, BARE = 4, 3, 2, 1, 0


@dataclass(frozen=True)
class Line:
    """What a cause does with an item: `amount` in the item's currency and sign (negative write_off or fx: a gain).

    `kind` is the allocation's; "" leaves the amount open on the item, or on the receipt where there is no item.
    `cash` on an item is a credit note or a down payment that is used up with the money.
    """

    item_id: str | None
    amount: int
    kind: str

    @property
    def takes(self) -> int:
        """What of the gap the line explains."""
        return -self.amount if self.kind == "cash" else self.amount


@dataclass(frozen=True)
class Proof:
    """How sure a cause is, and the sentence that says why."""

    strength: int
    sentence: str


@dataclass(frozen=True)
class Found:
    """A cause that can explain a gap, with its lines, which sum to it; `outside`: why no policy lets it be booked."""

    proof: Proof
    lines: tuple[Line, ...]
    outside: str = ""


class Cause(ABC):
    """One cause of differences. Its module binds an instance to CAUSE and is found by being there.

    `kind`: the allocation it is booked as; "" stays open. `concedes`: whether the entity gives money up with it, so
    that the delegation for write-offs counts. `disputes`: the reason of the dispute that its gap opens, where it does.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    kind: ClassVar[str]
    rule: ClassVar[Rule]
    concedes: ClassVar[bool] = False
    disputes: ClassVar[str] = ""
    unproved: ClassVar[str] = "nothing but a person's word speaks for this cause"

    @abstractmethod
    def find(self, case: Case, rule: Rule) -> Found | None:
        """Whether the cause can explain the whole gap, and how; None where nothing speaks for it."""

    def by_hand(self, case: Case) -> tuple[Line, ...]:
        """The lines of this cause where a person says it without any proof."""
        return spread(case, self.kind)

    def gives_up(self, case: Case, found: Found) -> bool:
        """Whether money is given up with what was found."""
        return self.concedes

    def outside(self, case: Case, rule: Rule) -> str:
        """Why the rule does not let it be booked: not allowed, beyond the limit or the share; "" where it does."""
        if not self.kind:
            return ""  # nothing is booked: it stays open until somebody clears it
        if not rule.allowed:
            return "this entity does not book differences of this cause"
        if rule.limit is not None:
            worth = case.worth(case.gap)
            if worth is None:
                return f"no rate of {case.currency} is known to compare it with the limit"
            if worth > rule.limit:
                return f"{case.money(case.gap)} is beyond the limit"
        if rule.percent is not None and abs(case.gap) * 100 > abs(case.total) * rule.percent:
            return f"{case.money(case.gap)} is more than {plain(rule.percent)} % of the items"
        return ""


def plain(value: Decimal) -> str:
    """A figure without idle zeros."""
    return format(value.normalize(), "f")


def share(part: int, percent: Decimal) -> int:
    """So many percent of an amount, rounded half up as invoices do."""
    exact = Decimal(part) * percent / 100
    return int(exact.to_integral_value(rounding="ROUND_HALF_UP"))


def spread(case: Case, kind: str) -> tuple[Line, ...]:
    """The gap on the chosen items, the largest first, each for no more than is open; a gain on the largest.

    Money beyond what can be taken off an item stays on the receipt.
    """
    if case.gap <= 0 or not case.owed:
        holder = case.owed[0].item_id if case.owed and kind else None
        return (Line(holder, case.gap, kind if holder else ""),) if case.gap else ()
    lines, left = [], case.gap
    for item in case.owed:
        part = min(left, item.open)
        if part:
            lines.append(Line(item.item_id, part, kind))
        left -= part
    if left:  # more than is open of them all: no such gap comes from money, but a hand may say it
        lines.append(Line(None, left, ""))
    return tuple(lines)
