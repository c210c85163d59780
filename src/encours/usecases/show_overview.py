"""The Overview: what is owed, what is late, who owes most, what changed since yesterday."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Count, Sum

from encours.store.models import CustomerPosition, Entity, EntityDay, Import, Item, Receipt
from encours.usecases.coming_weeks import Coming, coming_weeks
from encours.usecases.past_positions import past_positions
from encours.usecases.past_receipts import free_receipts
from encours.usecases.positions import Position, from_records, positions_of, today_positions
from encours.usecases.viewing import Viewing

_SUMS = ("balance", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "overdue", "credits", "unapplied", "open_items")
_TOP = 10
_TREND_DAYS = 400


@dataclass(frozen=True)
class Figures:
    """The sums of one currency. Amounts in minor units; credits and unapplied money negative."""

    currency: str
    customers: int
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

    @property
    def buckets(self) -> tuple[int, int, int, int, int]:
        """Not due, then the overdue buckets."""
        return self.not_due, self.d1_30, self.d31_60, self.d61_90, self.d91_plus

    @property
    def owed(self) -> int:
        """What is owed before credits and unapplied money."""
        return self.not_due + self.overdue

    @property
    def share_overdue(self) -> float | None:
        """Overdue over owed; none where nothing is owed."""
        return self.overdue / self.owed if self.owed > 0 else None

    def bucket_rows(self) -> list[tuple[int, int, float | None]]:
        """(place, amount, share of what is owed) of each bucket."""
        return [
            (place, amount, amount / self.owed if self.owed > 0 else None) for place, amount in enumerate(self.buckets)
        ]


@dataclass(frozen=True)
class Change:
    """Something that is different from yesterday: a stable code, how many and how much."""

    code: str  # outstanding, overdue, invoiced, received, newly_overdue, imports
    count: int | None
    amount: int | None


@dataclass(frozen=True)
class Overview:
    """The page. Without a book `figures` is None and the page says what to do."""

    figures: Figures | None
    currencies: list[str]
    dso_days: float | None
    dso_why: str  # "" where there is one; else portfolio or history
    dso_before: float | None  # a month before
    unidentified: int  # unapplied receipts that stand on no customer, minor units
    unapplied_share: float | None
    top: list[Position]
    top_share: float | None
    changes: list[Change]
    since: date | None
    entity_names: dict[str, str]
    over_limit: int
    coming: list[Coming] = field(default_factory=list)


def show_overview(viewing: Viewing, currency: str = "") -> Overview:
    """The figures of one currency (the largest by default) over the chosen entities."""
    sums, top = (_past_sums if viewing.is_past else _today_sums)(viewing, currency)
    chosen = next((row for row in sums if row.currency == currency), sums[0] if sums else None)
    names = dict(viewing.rows(Entity).values_list("entity_id", "name"))
    if chosen is None:
        return Overview(None, [], None, "history", None, 0, None, [], None, [], None, names, 0)
    unidentified = _unidentified(viewing, chosen.currency)
    days = _entity_days(viewing, chosen.currency)
    dso, why = _dso(viewing, days, viewing.day)
    before, _ = _dso(viewing, days, viewing.day - timedelta(days=30))
    unapplied = -chosen.unapplied + unidentified
    since, changes = ([], None)[::-1] if viewing.is_past else _changes(viewing, chosen, days)
    return Overview(
        figures=chosen,
        currencies=[row.currency for row in sums],
        dso_days=dso,
        dso_why=why,
        dso_before=before,
        unidentified=unidentified,
        unapplied_share=unapplied / chosen.owed if chosen.owed > 0 else None,
        top=top,
        top_share=sum(row.balance for row in top) / chosen.balance if chosen.balance > 0 else None,
        changes=changes,
        since=since,
        entity_names=names,
        over_limit=sum(row.over_limit for row in top),
        coming=coming_weeks(viewing, chosen.currency),
    )


def dso_trend(viewing: Viewing, currency: str) -> list[tuple[date, float]]:
    """(day, DSO in days) over the last thirteen months, weighted by what each entity is owed."""
    days = _entity_days(viewing, currency)
    points = ((day, _dso(viewing, days, day, exact=True)[0]) for day in sorted({row.day for row in days}))
    return [(day, value) for day, value in points if value is not None]


def ageing_trend(viewing: Viewing, currency: str) -> list[tuple[date, int, int]]:
    """(day, not due, overdue) over the last thirteen months, minor units."""
    found: dict[date, list[int]] = {}
    for row in _entity_days(viewing, currency):
        sums = found.setdefault(row.day, [0, 0])
        sums[0] += int(row.figures.get("not_due") or 0)
        sums[1] += int(row.figures.get("overdue") or 0)
    return [(day, *sums) for day, sums in sorted(found.items())]  # type: ignore[misc]  # two sums


def _today_sums(viewing: Viewing, currency: str) -> tuple[list[Figures], list[Position]]:
    rows = today_positions(viewing)
    aggregates: dict[str, Any] = {f"sum_{name}": Sum(name) for name in _SUMS}
    grouped: Any = rows.order_by().values("currency").annotate(customers=Count("id"), **aggregates)
    figures = [
        Figures(row["currency"], row["customers"], *(row[f"sum_{name}"] for name in _SUMS))
        for row in sorted(grouped, key=lambda row: -row["sum_balance"])
    ]
    if not figures:
        return [], []
    shown = currency if any(row.currency == currency for row in figures) else figures[0].currency
    return figures, positions_of(_top(viewing, shown))


def _top(viewing: Viewing, currency: str) -> Any:
    return viewing.rows(CustomerPosition).filter(currency=currency).order_by("-balance", "customer_id")[:_TOP]


def _past_sums(viewing: Viewing, currency: str) -> tuple[list[Figures], list[Position]]:
    rows = past_positions(viewing)
    sums = rows.group_by("currency").agg(pl.len().alias("customers"), pl.col(*_SUMS).sum())
    figures = [Figures(**row) for row in sums.sort("balance", descending=True).to_dicts()]
    if not figures:
        return [], []
    shown = currency if any(row.currency == currency for row in figures) else figures[0].currency
    largest = rows.filter(pl.col("currency") == shown).sort("balance", descending=True).head(_TOP)
    return figures, from_records(largest.to_dicts())


def _unidentified(viewing: Viewing, currency: str) -> int:
    if viewing.is_past:
        nobodys = (pl.col("currency") == currency) & pl.col("customer_id").is_null() & (pl.col("unapplied") > 0)
        return int(free_receipts(viewing).filter(nobodys)["unapplied"].sum())
    rows = viewing.facts(Receipt).filter(customer_id__isnull=True, currency=currency).exclude(unapplied=0)
    return int(rows.filter(unapplied__gt=0).aggregate(total=Sum("unapplied"))["total"] or 0)


def _entity_days(viewing: Viewing, currency: str) -> list[EntityDay]:
    if viewing.limited():  # totals of an entity say more than a portfolio may see
        return []
    first = viewing.day - timedelta(days=_TREND_DAYS)
    rows = EntityDay.objects.filter(
        entity_id__in=viewing.entity_ids, currency=currency, day__gte=first, day__lte=viewing.day
    )
    return list(rows.order_by("day"))


def _dso(viewing: Viewing, days: list[EntityDay], day: date, exact: bool = False) -> tuple[float | None, str]:
    """DSO over the entities: each one's last known at `day`, weighted by what it is owed. Never partial."""
    if viewing.limited():
        return None, "portfolio"
    last = {row.entity_id: row for row in days if row.day <= day and (not exact or row.day == day)}
    values = [(row.figures.get("dso_days"), abs(int(row.figures.get("outstanding") or 0))) for row in last.values()]
    weights = sum(weight for value, weight in values)
    if not values or any(value is None for value, weight in values if weight) or not weights:
        return None, "history"
    return sum(value * weight for value, weight in values if value is not None) / weights, ""


def _changes(viewing: Viewing, now: Figures, days: list[EntityDay]) -> tuple[date | None, list[Change]]:
    """What differs from the day before: sums of the book, and what happened since."""
    yesterday = viewing.today - timedelta(days=1)
    changes = []
    last = {row.entity_id: row for row in days if row.day <= yesterday}
    if last:
        before = {
            name: sum(int(row.figures.get(name) or 0) for row in last.values()) for name in ("outstanding", "overdue")
        }
        changes += [
            Change("outstanding", None, now.balance - before["outstanding"]),
            Change("overdue", None, now.overdue - before["overdue"]),
        ]
    # Partial indexes serve what is open; what was settled at once is no news.
    late = viewing.facts(Item).filter(currency=now.currency, due_on=yesterday).exclude(open=0).filter(open__gt=0)
    received = viewing.facts(Receipt).filter(
        booked_on__gte=yesterday, booked_on__lte=viewing.today, currency=now.currency
    )
    for code, rows, column in (("received", received, "amount"), ("newly_overdue", late, "open")):
        found = rows.aggregate(count=Count("id"), total=Sum(column))
        changes.append(Change(code, found["count"], found["total"] or 0))
    done = viewing.rows(Import).filter(state=Import.State.DONE, known_on__gte=yesterday)
    counts = list(done.values_list("counts", flat=True))
    changes.append(Change("invoiced", sum(table.get("items", {}).get("new", 0) for table in counts), None))
    changes.append(Change("imports", len(counts), None))
    return yesterday, changes
