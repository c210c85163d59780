"""Customers' positions as pages read them: one row a customer and currency, today's or those of a past day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from encours.store.models import CustomerPosition
from encours.usecases.viewing import Viewing

#: Columns of a position, the same in the store's table and in a past day's frame.
COLUMNS = (
    "customer_id",
    "entity_id",
    "currency",
    "name",
    "collector",
    "balance",
    "not_due",
    "d1_30",
    "d31_60",
    "d61_90",
    "d91_plus",
    "overdue",
    "credits",
    "unapplied",
    "open_items",
    "oldest_due_on",
    "dso_days",
    "exposure",
    "credit_limit",
    "last_receipt_on",
)


@dataclass(frozen=True)
class Position:
    """A customer's balance in one currency. Amounts in minor units; credits and unapplied money negative."""

    customer_id: str
    entity_id: str
    currency: str
    name: str
    collector: str | None
    balance: int
    not_due: int
    d1_30: int
    d31_60: int
    d61_90: int
    d91_plus: int
    overdue: int
    credits: int
    unapplied: int
    open_items: int
    oldest_due_on: date | None
    dso_days: float | None
    exposure: int
    credit_limit: int | None
    last_receipt_on: date | None

    @property
    def buckets(self) -> tuple[int, int, int, int, int]:
        """Not due, then the overdue buckets."""
        return self.not_due, self.d1_30, self.d31_60, self.d61_90, self.d91_plus

    @property
    def freed(self) -> int:
        """Money that came and is not applied, as a positive amount."""
        return -self.unapplied

    @property
    def over_limit(self) -> bool:
        """Whether the exposure passes the credit limit."""
        return self.credit_limit is not None and self.exposure > self.credit_limit


def today_positions(viewing: Viewing) -> QuerySet[CustomerPosition]:
    """Today's positions that may be seen, as a query."""
    rows: QuerySet[CustomerPosition] = viewing.rows(CustomerPosition)
    return rows


def positions_of(rows: QuerySet[CustomerPosition]) -> list[Position]:
    """Rows of the store as positions."""
    return [Position(*row) for row in rows.values_list(*COLUMNS)]


def from_records(records: Iterable[dict[str, Any]]) -> list[Position]:
    """Rows of a past day's frame as positions."""
    return [Position(**{name: record[name] for name in COLUMNS}) for record in records]
