"""What became of past forecasts: what changed since a former one and why, what was said beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from encours.store.models import Customer, ForecastCause, ForecastWeek
from encours.usecases.forecast_head import Head, Range
from encours.usecases.viewing import Viewing

_CAUSE_CUSTOMERS, _SHOWN_WEEKS = 5, 26
#: The two ends of the bridge stand among its steps.
BEFORE, NOW = "before", "now"


@dataclass(frozen=True)
class CauseRow:
    """A step of the bridge: what it changed, over how many items, and the customers it changed most."""

    cause: str
    amount: int
    items: int
    customers: list[tuple[str, str, int]]  # id, name, amount


@dataclass(frozen=True)
class Bridge:
    """From the forecast of `before_on` to that of the page, over the weeks that both cover."""

    before_on: date
    before: int
    now: int
    causes: list[CauseRow]


@dataclass(frozen=True)
class StepRow:
    """One cause of change at one customer."""

    cause: str
    customer_name: str
    items: int
    amount: int


@dataclass(frozen=True)
class Horizon:
    """How right the forecasts of a week ahead were: shares of what came; `naive_*`: errors of the naive forecasts."""

    place: int
    weeks: int
    wape: float | None
    bias: float | None
    covered: float
    due_date: float | None
    own_median: float | None


@dataclass(frozen=True)
class Judged:
    """A passed week, as it was forecast the day before it began (`place` 1) or earlier, and what came."""

    made_on: date
    start: date
    said: Range
    came: int
    due_date: int | None
    own_median: int | None
    afterwards: bool

    @property
    def place(self) -> int:
        """How many weeks ahead it was forecast; 1 is the week that began the day after."""
        return (self.start - self.made_on).days // 7 + 1

    @property
    def inside(self) -> bool:
        """Whether what came lies in the range."""
        return self.said.p10 <= self.came <= self.said.p90


def bridge_of(viewing: Viewing, head: Head) -> Bridge | None:
    """What changed since one to three weeks ago and why; None where no forecast of then is kept."""
    if head.before_on is None or not head.latest:
        return None
    rows = viewing.rows(ForecastCause).filter(forecast_id=head.forecast_id, currency=head.currency)
    steps = list(rows.values_list("cause", "customer_id", "items", "amount"))
    sums: dict[str, list[Any]] = {}
    for cause, customer, items, amount in steps:
        step = sums.setdefault(cause, [0, 0, []])
        step[0] += amount
        step[1] += items
        if customer is not None:
            step[2].append((customer, amount))
    for step in sums.values():
        step[2] = sorted(step[2], key=lambda one: (-abs(one[1]), one[0]))[:_CAUSE_CUSTOMERS]
    names = _names(viewing, {customer for step in sums.values() for customer, _ in step[2]})
    changed = [
        CauseRow(cause, amount, items, [(one, names.get(one, one), many) for one, many in largest])
        for cause, (amount, items, largest) in sums.items()
        if cause not in (BEFORE, NOW)
    ]
    before, now = (sums.get(end, [0])[0] for end in (BEFORE, NOW))
    return Bridge(head.before_on, before, now, sorted(changed, key=lambda one: -abs(one.amount)))


def steps_of(viewing: Viewing, head: Head) -> list[StepRow]:
    """The steps of the bridge, one a cause and customer, the largest first: what an export writes."""
    if head.before_on is None or not head.latest:
        return []
    rows = viewing.rows(ForecastCause).filter(forecast_id=head.forecast_id, currency=head.currency)
    steps = list(rows.values_list("cause", "customer_id", "items", "amount"))
    names = dict(viewing.facts(Customer).values_list("customer_id", "name"))
    found = [
        StepRow(cause, names.get(customer, customer or ""), items, amount) for cause, customer, items, amount in steps
    ]
    return sorted(found, key=lambda row: (row.cause not in (BEFORE, NOW), -abs(row.amount), row.customer_name))


def _names(viewing: Viewing, customer_ids: set[str]) -> dict[str, str]:
    rows = viewing.facts(Customer).filter(customer_id__in=sorted(customer_ids))
    return dict(rows.values_list("customer_id", "name"))


def judged_rows(viewing: Viewing, head: Head) -> list[Judged]:
    """The passed weeks of past forecasts, the latest first; none for a portfolio: they are the entity's sums."""
    if head.limited:
        return []
    rows = ForecastWeek.objects.filter(
        entity_id=head.entity_id,
        currency=head.currency,
        source="open_items",
        came__isnull=False,
        forecast__day__lt=head.day,
    )
    columns = ("forecast__day", "week_start", "p10", "p50", "p90", "mean", "came", "due_date", "own_median")
    found = rows.order_by("-week_start", "place").values_list(*columns, "forecast__afterwards")
    return [
        Judged(made, start, Range(p10, p50, p90, mean), came, due, own, later)
        for made, start, p10, p50, p90, mean, came, due, own, later in found
    ]


def waiting_weeks(viewing: Viewing, head: Head) -> int:
    """Weeks that have passed and whose receipts are not applied yet, as forecast a week ahead."""
    if head.limited:
        return 0
    rows = ForecastWeek.objects.filter(
        entity_id=head.entity_id,
        currency=head.currency,
        source="open_items",
        place=1,
        came__isnull=True,
        week_start__lte=head.day - timedelta(days=6),
    )
    return int(rows.count())


def horizons(rows: Sequence[Judged]) -> list[Horizon]:
    """How right the forecasts were, by how many weeks ahead they looked."""
    by_place: dict[int, list[Judged]] = {}
    for row in rows:
        by_place.setdefault(row.place, []).append(row)
    return [_horizon(place, found) for place, found in sorted(by_place.items())]


def _horizon(place: int, rows: Sequence[Judged]) -> Horizon:
    came = sum(abs(row.came) for row in rows)

    def error(name: str) -> float | None:
        said = [(getattr(row, name), row.came) for row in rows]
        if not came or any(value is None for value, _ in said):
            return None
        return float(sum(abs(value - real) for value, real in said) / came)

    wape = sum(abs(row.said.mean - row.came) for row in rows) / came if came else None
    bias = sum(row.said.mean - row.came for row in rows) / came if came else None
    covered = sum(row.inside for row in rows) / len(rows)
    return Horizon(place, len(rows), wape, bias, covered, error("due_date"), error("own_median"))


def of_place(rows: Sequence[Judged], place: int) -> list[Judged]:
    return [row for row in rows if row.place == place][:_SHOWN_WEEKS]
