"""One arrêté: its sealed aged balance and cadrage, its credit balances, whether its seal holds, what changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from encours.store.models import AuditEntry, ClosingBalance
from encours.usecases.close_period import ClosingSeen, see_closing
from encours.usecases.show_closings import AccountRow, account_rows, customer_names, person
from encours.usecases.viewing import Viewing

PAGE_ROWS = 100
SHOWN_CHANGES = 50
SHOWN_CREDITS = 50


@dataclass(frozen=True)
class BalanceRow:
    """One customer's sealed aged balance in one currency; `buckets` in the order of `ClosingPage.buckets`."""

    customer_id: str
    name: str
    currency: str
    buckets: list[int]
    credits: int
    advances: int
    unapplied: int
    total: int


@dataclass(frozen=True)
class ChangeRow:
    """An open item or receipt that stands otherwise on the closed day than when it was sealed."""

    subject: str  # item or receipt
    subject_id: str
    label: str
    customer_id: str | None
    customer_name: str
    dated_on: date | None
    currency: str
    sealed: int
    now: int
    change: int


@dataclass(frozen=True)
class ClosingPage:
    """A closing as its page shows it. Totals are (currency, minor units)."""

    closing_id: int
    entity_id: str
    entity_name: str
    month: date
    state: str
    sealed_at: datetime
    sealed_by: str
    reopened_at: datetime | None
    reopened_by: str
    reopened_why: str
    why: str
    scope: dict[str, str]
    digest: str
    intact: bool
    accounts: list[AccountRow]
    changes: list[ChangeRow]
    changes_count: int
    change_totals: list[tuple[str, int]]
    buckets: list[str]
    rows: list[BalanceRow]
    rows_count: int
    customers: int
    totals: list[tuple[str, int]]
    bucket_totals: dict[str, list[int]]  # by currency: buckets, credits, advances, unapplied, total
    credit_rows: list[BalanceRow]
    credit_count: int
    credit_totals: list[tuple[str, int]]
    sort: str
    page: int
    has_next: bool
    may_reopen: bool

    @property
    def currencies(self) -> list[str]:
        """Currencies of the sealed balances."""
        return [currency for currency, _ in self.totals]

    @property
    def ties(self) -> bool:
        """Whether it was sealed without a gap."""
        return bool(self.accounts) and all(row.gap == 0 for row in self.accounts)


def show_closing(viewing: Viewing, closing_id: int, sort: str = "-total", page: int = 1) -> ClosingPage:
    """One closing. Raises CallError where there is none, NotAllowedError where its entity is not seen whole."""
    seen = see_closing(viewing.actor, closing_id)
    buckets, rows = _balances(seen)
    key, order = _order(sort, buckets)
    rows.sort(key=order, reverse=key.startswith("-"))
    credit = sorted((row for row in rows if row.total < 0), key=lambda row: (row.total, row.customer_id))
    first = (max(page, 1) - 1) * PAGE_ROWS
    closing = seen.closing
    changed = seen.changes.group_by("currency").agg(pl.col("change").sum()).sort("currency")
    return ClosingPage(
        closing_id=closing.pk,
        entity_id=closing.entity_id,
        entity_name=closing.entity.name,
        month=closing.month,
        state=closing.state,
        sealed_at=closing.sealed_at,
        sealed_by=person(closing.sealed_by),
        reopened_at=closing.reopened_at,
        reopened_by=person(closing.reopened_by),
        reopened_why=_reopened_why(closing.pk) if closing.state == "reopened" else "",
        why=closing.why,
        scope=closing.scope,
        digest=closing.digest,
        intact=seen.intact,
        accounts=account_rows(closing.cadrage),
        changes=_changes(seen, SHOWN_CHANGES),
        changes_count=seen.changes.height,
        change_totals=list(changed.iter_rows()),
        buckets=buckets,
        rows=rows[first : first + PAGE_ROWS],
        rows_count=len(rows),
        customers=len({row.customer_id for row in rows}),
        totals=_totals(rows),
        bucket_totals=_bucket_totals(rows),
        credit_rows=credit[:SHOWN_CREDITS],
        credit_count=len(credit),
        credit_totals=_totals(credit),
        sort=key,
        page=max(page, 1),
        has_next=first + PAGE_ROWS < len(rows),
        may_reopen=closing.state == "sealed" and viewing.actor.may("reopen_period", closing.entity_id).ok,
    )


def list_balances(viewing: Viewing, closing_id: int) -> tuple[date, str, list[str], list[BalanceRow]]:
    """Month, entity, bucket names and every sealed balance, the largest first. Raises as show_closing."""
    seen = see_closing(viewing.actor, closing_id)
    buckets, rows = _balances(seen)
    rows.sort(key=lambda row: (-row.total, row.customer_id))
    return seen.closing.month, seen.closing.entity_id, buckets, rows


def list_changes(viewing: Viewing, closing_id: int) -> tuple[date, str, list[ChangeRow]]:
    """Month, entity and everything that changed since. Raises as show_closing."""
    seen = see_closing(viewing.actor, closing_id)
    return seen.closing.month, seen.closing.entity_id, _changes(seen, None)


def _balances(seen: ClosingSeen) -> tuple[list[str], list[BalanceRow]]:
    found = list(ClosingBalance.objects.filter(closing=seen.closing).order_by("customer_id", "currency"))
    names = customer_names(seen.closing.entity_id, (row.customer_id for row in found))
    # PostgreSQL keeps no order of its own in JSON: the buckets go by the day they begin on.
    late = sorted(found[0].buckets, key=lambda name: int(name[1:].split("_")[0])) if found else []
    buckets = ["not_due", *late]
    rows = [
        BalanceRow(
            customer_id=row.customer_id,
            name=names.get(row.customer_id, row.customer_id),
            currency=row.currency,
            buckets=[row.not_due, *(row.buckets.get(name, 0) for name in buckets[1:])],
            credits=row.credits,
            advances=row.advances,
            unapplied=row.unapplied,
            total=row.total,
        )
        for row in found
    ]
    return buckets, rows


def _order(sort: str, buckets: list[str]) -> tuple[str, Callable[[BalanceRow], Any]]:
    """The key that is sorted by (`-total` where it makes no sense) and how."""
    name = sort.removeprefix("-")
    if name in buckets:
        place = buckets.index(name)
        return sort, lambda row: row.buckets[place]
    if name == "name":
        return sort, lambda row: (row.name.casefold(), row.customer_id)
    if name in ("credits", "advances", "unapplied", "total"):
        return sort, lambda row: getattr(row, name)
    return "-total", lambda row: row.total


def _totals(rows: list[BalanceRow]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.total
    return sorted(sums.items())


def _bucket_totals(rows: list[BalanceRow]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        line = [*row.buckets, row.credits, row.advances, row.unapplied, row.total]
        sums[row.currency] = [a + b for a, b in zip(sums.get(row.currency, [0] * len(line)), line, strict=True)]
    return dict(sorted(sums.items()))


def _changes(seen: ClosingSeen, most: int | None) -> list[ChangeRow]:
    frame = seen.changes if most is None else seen.changes.head(most)
    rows = list(frame.drop("entity_id").iter_rows(named=True))
    names = customer_names(seen.closing.entity_id, (row["customer_id"] for row in rows))
    return [ChangeRow(customer_name=names.get(row["customer_id"] or "", ""), **row) for row in rows]


def _reopened_why(closing_id: int) -> str:
    """The reason stands in the audit alone: the sealed figures and their row stay as they were."""
    rows = AuditEntry.objects.filter(subject=f"closing:{closing_id}", act="reopen_period").order_by("-number")
    return rows.values_list("why", flat=True).first() or ""
