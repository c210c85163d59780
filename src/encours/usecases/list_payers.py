"""Every customer's habit of paying, with the alert that stands and what is left alone: what a file of all holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.store.models import Customer, PayerProfile, Signal
from encours.usecases.payment_habit import change_of
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class PayerRow:
    """One account as of the last night. `figures` (days; shares 0 … 1) are its payer's, amounts its own in minor units.

    `payer_id`, `payer_name`: who pays for it, where that is another account that may be seen. `alerts`: kinds of the
    signals that stand, the likeliest first, whose day, probability and sentence are given.
    """

    customer_id: str
    entity_id: str
    name: str
    payer_id: str
    payer_name: str
    as_of: date
    profile: str
    why: str
    payments: int
    figures: dict[str, Any]
    changed_on: date | None
    changed_days: int | None
    currency: str | None
    next_on: date | None
    next_from_on: date | None
    next_to_on: date | None
    next_amount: int | None
    alerts: tuple[str, ...]
    alert_since_on: date | None
    alert_chance: float | None
    alert_says: str
    alone_until_on: date | None
    alone_items: int
    alone_amount: int
    late_cost: int | None
    cost_currency: str | None

    @property
    def last_paid_on(self) -> date | None:
        """The day of the last payment known."""
        told = self.figures.get("last_paid_on")
        return None if told is None else date.fromisoformat(told)


_SAME = (
    "customer_id", "entity_id", "as_of", "profile", "why", "payments", "figures", "currency", "next_on",
    "next_from_on", "next_to_on", "next_amount", "alone_until_on", "alone_items", "alone_amount", "late_cost",
    "cost_currency",
)  # fmt: skip


def list_payers(viewing: Viewing) -> list[PayerRow]:
    """A row for every account with a history that may be seen, by name; today's, whatever day is looked at."""
    viewing = Viewing(viewing.actor, viewing.entity_ids, viewing.today)
    names = dict(viewing.facts(Customer).values_list("customer_id", "name"))
    standing: dict[str, list[Signal]] = {}
    for signal in viewing.rows(Signal).filter(gone_on__isnull=True).order_by("-chance", "kind"):
        standing.setdefault(signal.customer_id, []).append(signal)
    rows = [_row(row, names, standing.get(row.payer_id, [])) for row in viewing.rows(PayerProfile)]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.customer_id))


def _row(row: PayerProfile, names: dict[str, str], signals: list[Signal]) -> PayerRow:
    likeliest = signals[0] if signals else None
    other = row.payer_id if row.payer_id != row.customer_id and row.payer_id in names else ""
    on, moved = change_of(row.figures) or (None, None)
    return PayerRow(
        **{name: getattr(row, name) for name in _SAME},
        name=names.get(row.customer_id, row.customer_id),
        payer_id=other,
        payer_name=names.get(other, ""),
        changed_on=on,
        changed_days=moved,
        alerts=tuple(one.kind for one in signals),
        alert_since_on=(likeliest.since_on or likeliest.raised_on) if likeliest else None,
        alert_chance=likeliest.chance if likeliest else None,
        alert_says=likeliest.sentence if likeliest else "",
    )
