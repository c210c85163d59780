"""A receipt beside the habit of whose money it is: what speaks for its proposal, and what against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from encours.core.matching.paying_habit import LEAST, PayingHabit, Payment, Seen, style_of, way_of
from encours.usecases.paying_habit import open_item, paying_habit_of, said_with
from encours.usecases.viewing import Viewing

if TYPE_CHECKING:
    from encours.usecases.show_desk import DeskItem


@dataclass(frozen=True)
class DeskHabit:
    """`known` is the habit of a customer, `payment` the receipt with what is open of that customer and proposed."""

    known: PayingHabit
    payment: Payment

    @property
    def way(self) -> Seen | None:
        """How often the customer paid in the way that is proposed, 0 where never; None where that says nothing."""
        name = way_of(self.payment)
        return self.known.of_way(name) if name else None

    @property
    def style(self) -> Seen | None:
        """How often it named what it paid as this text names what is proposed."""
        style = style_of(self.payment)
        return self.known.of_style(style.name, style.digits) if style else None

    def share_of(self, item_ids: Collection[str]) -> float:
        """How usual it would be that the customer pays just these items, 0 where nothing says so."""
        seen = self.known.of_way(way_of(replace(self.payment, paid=frozenset(item_ids), parts=frozenset())))
        return seen.share if seen else 0.0


def desk_habit(
    viewing: Viewing, receipt: Mapping[str, Any], items: Sequence[DeskItem], likeliest: str | None
) -> DeskHabit | None:
    """The habit of whose items are proposed, or of the likeliest customer; None where it is of several, or unknown.

    `receipt`: booked_on, unapplied, currency, remittance, end_to_end_id.
    """
    proposed = [item for item in items if item.is_proposed]
    people = {item.customer_id for item in proposed} or ({likeliest} if likeliest else set())
    if receipt["unapplied"] <= 0 or len(people) != 1:
        return None
    customer_id = people.pop()
    known = paying_habit_of(viewing, customer_id)
    if known is None or known.payments < LEAST:
        return None
    own = [item for item in items if item.customer_id == customer_id and item.open > 0]
    there = tuple(open_item(vars(item)) for item in own if item.currency == receipt["currency"] or item.is_proposed)
    parts = frozenset(item.item_id for item in proposed if 0 < item.settles < item.open)
    paid = frozenset(item.item_id for item in proposed) - parts
    return DeskHabit(known, Payment(receipt["booked_on"], said_with(receipt), there, paid, parts))
