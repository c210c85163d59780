"""The Customers page: positions filtered, sorted, cut into pages; the same list whole for an export."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Count, F, Q, QuerySet, Sum

from encours.store.models import CustomerPosition, Entity, SavedView
from encours.usecases.past_positions import past_positions
from encours.usecases.positions import Position, from_records, positions_of, today_positions
from encours.usecases.viewing import Viewing

PAGE_ROWS = 100
SORTS = ("name", "balance", "overdue", "oldest_due_on", "dso_days", "collector", "open_items", "exposure")
#: Filters by state -> what they keep.
STATES = ("", "overdue", "late_60", "credit", "unapplied", "over_limit")


@dataclass(frozen=True)
class CustomerFilter:
    """What the page was asked for; unknown words fall back to the default."""

    text: str = ""
    state: str = ""
    collector: str = ""
    currency: str = ""
    balance_min: int | None = None  # minor units
    sort: str = "-balance"
    page: int = 1

    @property
    def column(self) -> str:
        """The column sorted by."""
        name = self.sort.lstrip("-")
        return name if name in SORTS else "balance"

    @property
    def descending(self) -> bool:
        """Largest first."""
        return self.sort.startswith("-")


@dataclass(frozen=True)
class Totals:
    """The list's sums in one currency, over all its pages."""

    currency: str
    balance: int
    overdue: int
    buckets: tuple[int, int, int, int, int]


@dataclass(frozen=True)
class CustomersPage:
    """One page of the list."""

    rows: list[Position]
    count: int
    page: int
    pages: int
    totals: list[Totals]
    collectors: list[str]
    currencies: list[str]
    entity_names: dict[str, str]
    views: list[tuple[int, str, str]] = field(default_factory=list)  # id, name, query
    empty_book: bool = False


def show_customers(viewing: Viewing, wanted: CustomerFilter) -> CustomersPage:
    """A page of customers with the sums of the whole list and what it can be filtered by."""
    if viewing.is_past:
        return _past_page(viewing, wanted)
    scope = today_positions(viewing)
    rows = _filtered(scope, wanted, viewing.day)
    sums = ("balance", "overdue", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
    aggregates: dict[str, Any] = {f"sum_{name}": Sum(name) for name in sums}
    grouped: Any = rows.order_by().values("currency").annotate(count=Count("id"), **aggregates)
    by_currency = list(grouped.order_by("-sum_balance"))
    totals = [
        Totals(row["currency"], row["sum_balance"], row["sum_overdue"], tuple(row[f"sum_{name}"] for name in sums[2:]))
        for row in by_currency
    ]
    count = sum(row["count"] for row in by_currency)
    pages = max(1, -(-count // PAGE_ROWS))
    page = min(max(1, wanted.page), pages)
    cut = _sorted(rows, wanted)[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    facets = list(scope.order_by().values_list("collector", "currency").distinct())
    return CustomersPage(
        rows=positions_of(cut),
        count=count,
        page=page,
        pages=pages,
        totals=totals,
        collectors=sorted({collector for collector, _ in facets if collector}),
        currencies=sorted({currency for _, currency in facets}),
        entity_names=_entity_names(viewing),
        views=_views(viewing),
        empty_book=not facets,
    )


def list_customers(viewing: Viewing, wanted: CustomerFilter) -> list[Position]:
    """The whole filtered list, sorted: what an export writes."""
    if viewing.is_past:
        return from_records(_past_rows(viewing, wanted)[0].to_dicts())
    return positions_of(_sorted(_filtered(today_positions(viewing), wanted, viewing.day), wanted))


def _entity_names(viewing: Viewing) -> dict[str, str]:
    return dict(viewing.rows(Entity).values_list("entity_id", "name"))


def _views(viewing: Viewing) -> list[tuple[int, str, str]]:
    rows = SavedView.objects.filter(user=viewing.actor.user, screen="customers").order_by("name")
    return [(view.pk, view.name, view.query) for view in rows]


def _filtered(rows: QuerySet[CustomerPosition], wanted: CustomerFilter, day: date) -> QuerySet[CustomerPosition]:
    if wanted.text:
        rows = rows.filter(Q(name__icontains=wanted.text) | Q(customer_id__icontains=wanted.text))
    if wanted.collector:
        rows = rows.filter(collector=wanted.collector)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    if wanted.balance_min is not None:
        rows = rows.filter(balance__gte=wanted.balance_min)
    kept = {
        "overdue": Q(overdue__gt=0),
        "late_60": Q(overdue__gt=0, oldest_due_on__lt=day - timedelta(days=60)),
        "credit": Q(balance__lt=0),
        "unapplied": ~Q(unapplied=0),
        "over_limit": Q(credit_limit__isnull=False, exposure__gt=F("credit_limit")),
    }
    return rows.filter(kept[wanted.state]) if wanted.state in kept else rows


def _sorted(rows: QuerySet[CustomerPosition], wanted: CustomerFilter) -> QuerySet[CustomerPosition]:
    column = F(wanted.column)
    first = column.desc(nulls_last=True) if wanted.descending else column.asc(nulls_last=True)
    return rows.order_by(first, "customer_id", "currency")


def _past_page(viewing: Viewing, wanted: CustomerFilter) -> CustomersPage:
    rows, every = _past_rows(viewing, wanted)
    names = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
    sums = rows.group_by("currency").agg(pl.col("balance", "overdue", *names).sum()).sort("balance", descending=True)
    totals = [
        Totals(row["currency"], row["balance"], row["overdue"], tuple(row[name] for name in names))
        for row in sums.to_dicts()
    ]
    pages = max(1, -(-rows.height // PAGE_ROWS))
    page = min(max(1, wanted.page), pages)
    cut = rows.slice((page - 1) * PAGE_ROWS, PAGE_ROWS)
    return CustomersPage(
        rows=from_records(cut.to_dicts()),
        count=rows.height,
        page=page,
        pages=pages,
        totals=totals,
        collectors=sorted(every["collector"].drop_nulls().unique().to_list()),
        currencies=sorted(every["currency"].unique().to_list()),
        entity_names=_entity_names(viewing),
        views=_views(viewing),
        empty_book=every.is_empty(),
    )


def _past_rows(viewing: Viewing, wanted: CustomerFilter) -> tuple[pl.DataFrame, pl.DataFrame]:
    every = past_positions(viewing)
    rows = every
    if wanted.text:
        found = pl.any_horizontal(
            pl.col(name).str.to_lowercase().str.contains(wanted.text.lower(), literal=True)
            for name in ("name", "customer_id")
        )
        rows = rows.filter(found)
    if wanted.collector:
        rows = rows.filter(pl.col("collector") == wanted.collector)
    if wanted.currency:
        rows = rows.filter(pl.col("currency") == wanted.currency)
    if wanted.balance_min is not None:
        rows = rows.filter(pl.col("balance") >= wanted.balance_min)
    kept = {
        "overdue": pl.col("overdue") > 0,
        "late_60": (pl.col("overdue") > 0) & (pl.col("oldest_due_on") < viewing.day - timedelta(days=60)),
        "credit": pl.col("balance") < 0,
        "unapplied": pl.col("unapplied") != 0,
        "over_limit": pl.col("exposure") > pl.col("credit_limit"),
    }
    if wanted.state in kept:
        rows = rows.filter(kept[wanted.state])
    order = [wanted.column, "customer_id", "currency"]
    return rows.sort(order, descending=[wanted.descending, False, False], nulls_last=True), every
