"""The cash forecast: how much, from whom, in which week, how sure; what changed since last week; how right it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Sum

from encours.store.models import (
    ForecastCustomer,
    ForecastDay,
    ForecastItem,
    ForecastWeek,
    Item,
)
from encours.usecases.date_trust import DateTrust, date_trust
from encours.usecases.forecast_head import Head, Range, Wanted, entities_of, head_of
from encours.usecases.forecast_part import part_of
from encours.usecases.forecast_past import (
    Bridge,
    Horizon,
    Judged,
    bridge_of,
    horizons,
    judged_rows,
    of_place,
    waiting_weeks,
)
from encours.usecases.viewing import Viewing

PARTS = ("weeks", "customers", "changes", "scenarios", "accuracy")
SOURCES = ("open_items", "orders", "expected_invoices")
SOON = 4
PAGE_ROWS = 60
_TOP = 10


@dataclass(frozen=True)
class Week:
    """A week of the forecast: the whole, and what is expected of each source."""

    place: int
    start: date
    total: Range
    open_items: Range
    orders: int
    expected_invoices: int

    @property
    def end(self) -> date:
        """The last day of the week."""
        return self.start + timedelta(days=6)


@dataclass(frozen=True)
class Day:
    """A day of the first two weeks, of what is open."""

    on: date
    cash: Range

    @property
    def works(self) -> bool:
        """Whether it is no weekend."""
        return self.on.weekday() < 5


@dataclass(frozen=True)
class CustomerRow:
    """What a customer is expected to pay of what is open, and the range of the first four weeks."""

    customer_id: str
    name: str
    open: int
    weeks: list[Range]
    soon: int
    expected: int
    later: int

    @property
    def covered(self) -> int:
        """Open, and not expected as cash: credit notes, money not yet applied or a factor stand against it."""
        return self.open - self.expected - self.later

    @property
    def rest(self) -> int:
        """Expected after the first four weeks, within the forecast."""
        return self.expected - self.soon


@dataclass(frozen=True)
class ForecastPage:
    """The page; without a forecast `head` is None and `why` says why: no_role, empty_book, nothing_open, not_yet."""

    head: Head | None
    entities: list[tuple[str, str]]
    why: str = ""
    weeks: list[Week] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    customers: list[CustomerRow] = field(default_factory=list)
    count: int = 0
    page: int = 1
    pages: int = 1
    totals: tuple[int, int, int, int] = (0, 0, 0, 0)  # open, soon, rest, later
    bridge: Bridge | None = None
    horizons: list[Horizon] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    some_afterwards: bool = False
    waiting: int = 0
    trust: DateTrust | None = None

    @property
    def has_orders(self) -> bool:
        """Whether orders bring anything."""
        return any(week.orders for week in self.weeks)

    @property
    def has_invoices(self) -> bool:
        """Whether invoices that are still to come bring anything."""
        return any(week.expected_invoices for week in self.weeks)

    @property
    def sums(self) -> dict[str, int]:
        """What is expected in all weeks, by source and in all."""
        return {
            "open_items": sum(week.open_items.mean for week in self.weeks),
            "orders": sum(week.orders for week in self.weeks),
            "expected_invoices": sum(week.expected_invoices for week in self.weeks),
            "total": sum(week.total.mean for week in self.weeks),
        }


def show_forecast(viewing: Viewing, wanted: Wanted) -> ForecastPage:
    """One entity's forecast in one currency: the parts that the page shows."""
    entities = entities_of(viewing)
    head = head_of(viewing, wanted, entities)
    if head is None:
        return ForecastPage(None, entities, _why(viewing))
    if wanted.part == "customers":
        rows, count, totals = customers_of(viewing, head, wanted)
        pages = max(1, -(-count // PAGE_ROWS))
        page = min(max(1, wanted.page), pages)
        return ForecastPage(head, entities, customers=rows, count=count, page=page, pages=pages, totals=totals)
    if wanted.part == "changes":
        return ForecastPage(head, entities, bridge=bridge_of(viewing, head))
    if wanted.part == "accuracy":
        rows_ = judged_rows(viewing, head)
        later = any(row.afterwards for row in rows_)
        shown = of_place(rows_, wanted.place)
        waiting = waiting_weeks(viewing, head)
        found = horizons(rows_)
        return ForecastPage(
            head, entities, horizons=found, judged=shown, some_afterwards=later, waiting=waiting,
            trust=trust_of(viewing, head),
        )  # fmt: skip
    weeks = weeks_of(viewing, head)
    if wanted.part == "scenarios":
        return ForecastPage(head, entities, weeks=weeks, customers=_top(viewing, head, 200))
    return ForecastPage(
        head,
        entities,
        weeks=weeks,
        days=days_of(viewing, head),
        customers=_top(viewing, head, _TOP),
        bridge=bridge_of(viewing, head),
        horizons=horizons(judged_rows(viewing, head)),
    )


def trust_of(viewing: Viewing, head: Head) -> DateTrust | None:
    """How far today's dates can be trusted; of a past day it is not kept."""
    return None if viewing.is_past else date_trust(head.entity_id)


def _why(viewing: Viewing) -> str:
    if not viewing.actor.entities:
        return "no_role"
    if viewing.is_past:
        return "not_that_day"
    owed = viewing.facts(Item)
    if not owed.exists():
        return "empty_book"
    return "not_yet" if owed.filter(open__gt=0).exists() else "nothing_open"


def weeks_of(viewing: Viewing, head: Head) -> list[Week]:
    """The weeks of the forecast; of a portfolio reckoned for its customers alone."""
    if head.limited:
        part = part_of(viewing, head.entity_id, head.day) if head.latest else None
        rows = part.outlook.get(head.currency, []) if part else []
    else:
        found = ForecastWeek.objects.filter(forecast_id=head.forecast_id, currency=head.currency)
        rows = list(found.values_list("source", "place", "week_start", "p10", "p50", "p90", "mean"))
    return weeks_from(rows)


def weeks_from(rows: Sequence[tuple[str, int, date, int, int, int, int]]) -> list[Week]:
    """Weeks out of (source, place, week_start, p10, p50, p90, mean)."""
    nothing = Range(0, 0, 0, 0)
    by_place: dict[int, dict[str, Range]] = {}
    starts: dict[int, date] = {}
    for source, place, start, *figures in rows:
        by_place.setdefault(place, {})[source] = Range(*figures)
        starts[place] = start
    return [
        Week(
            place=place,
            start=starts[place],
            total=found.get("total", nothing),
            open_items=found.get("open_items", nothing),
            orders=found.get("orders", nothing).mean,
            expected_invoices=found.get("expected_invoices", nothing).mean,
        )
        for place, found in sorted(by_place.items())
    ]


def days_of(viewing: Viewing, head: Head) -> list[Day]:
    """The days of the first two weeks."""
    if head.limited:
        part = part_of(viewing, head.entity_id, head.day) if head.latest else None
        return [Day(on, Range(*figures)) for on, *figures in (part.days.get(head.currency, []) if part else [])]
    rows = ForecastDay.objects.filter(forecast_id=head.forecast_id, currency=head.currency).order_by("on")
    return [Day(on, Range(*figures)) for on, *figures in rows.values_list("on", "p10", "p50", "p90", "mean")]


_SORTS = {"name": "name", "open": "open", "soon": "soon", "expected": "expected", "later": "later"}


def customers_of(
    viewing: Viewing, head: Head, wanted: Wanted, every: bool = False
) -> tuple[list[CustomerRow], int, tuple[int, int, int, int]]:
    """A page (or `every` one) of the customers, how many there are, and the sums over all."""
    rows = _customers(viewing, head)
    if wanted.text:
        rows = rows.filter(name__icontains=wanted.text)
    sums = rows.order_by().aggregate(
        count=Count("id"), **{name: Sum(name) for name in ("open", "soon", "expected", "later")}
    )
    totals = tuple(int(sums[name] or 0) for name in ("open", "soon", "expected", "later"))
    column = _SORTS.get(wanted.sort.lstrip("-"), "soon")
    rows = rows.order_by(("-" if wanted.sort.startswith("-") else "") + column, "customer_id")
    first = 0 if every else (max(1, wanted.page) - 1) * PAGE_ROWS
    cut = rows[first:] if every else rows[first : first + PAGE_ROWS]
    rest = totals[2] - totals[1]
    return [_customer(row) for row in cut], int(sums["count"]), (totals[0], totals[1], rest, totals[3])


def _customers(viewing: Viewing, head: Head) -> Any:
    return viewing.rows(ForecastCustomer).filter(forecast_id=head.forecast_id, currency=head.currency)


def _top(viewing: Viewing, head: Head, many: int) -> list[CustomerRow]:
    return [_customer(row) for row in _customers(viewing, head).order_by("-soon", "customer_id")[:many]]


def _customer(row: ForecastCustomer) -> CustomerRow:
    weeks = [Range(*figures) for figures in row.weeks]
    return CustomerRow(row.customer_id, row.name, row.open, weeks, row.soon, row.expected, row.later)


@dataclass(frozen=True)
class ItemRow:
    """An open item of a customer: when it is expected, and between what days in eight cases of ten."""

    item_id: str
    customer_id: str
    number: str
    open: int
    due_on: date
    p10_on: date
    p50_on: date
    p90_on: date
    expected: int
    later: int
    customer_name: str = ""


@dataclass(frozen=True)
class CustomerForecast:
    """One customer's part of the forecast; `kept` false: a past day is shown, of which no items are kept."""

    head: Head | None
    kept: bool
    row: CustomerRow
    starts: list[date]
    items: list[ItemRow]


def show_customer_forecast(viewing: Viewing, customer_id: str, currency: str = "") -> CustomerForecast | None:
    """What one customer is expected to pay, week by week and item by item; None where nothing is (seen)."""
    found = viewing.rows(ForecastCustomer).filter(customer_id=customer_id).order_by("-expected")
    rows = [row for row in found if not currency or row.currency == currency] or list(found)
    if not rows:
        return None
    wanted = Wanted(entity_id=rows[0].entity_id, currency=rows[0].currency)
    only = viewing.of([rows[0].entity_id])
    head = head_of(only, wanted, entities_of(only))
    if head is None or head.forecast_id != rows[0].forecast_id:
        return CustomerForecast(head, False, _customer(rows[0]), [], [])
    starts = [head.day + timedelta(days=1 + 7 * place) for place in range(len(rows[0].weeks))]
    return CustomerForecast(head, True, _customer(rows[0]), starts, items_of(viewing, head, customer_id))


def items_of(viewing: Viewing, head: Head, customer_id: str = "") -> list[ItemRow]:
    """The items of a customer, or of all, in the order in which they are expected."""
    rows = viewing.rows(ForecastItem).filter(forecast_id=head.forecast_id, currency=head.currency)
    if customer_id:
        rows = rows.filter(customer_id=customer_id)
    columns = ("item_id", "customer_id", "number", "open", "due_on", "p10_on", "p50_on", "p90_on", "expected", "later")
    names = {} if customer_id else dict(_customers(viewing, head).values_list("customer_id", "name"))
    found = rows.order_by("p50_on", "item_id").values(*columns)
    return [ItemRow(**row, customer_name=names.get(row["customer_id"], row["customer_id"])) for row in found]
