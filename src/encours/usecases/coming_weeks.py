"""The next four weeks of cash, for the Overview: one line an entity, in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from encours.store.models import CashForecast, ForecastCustomer, ForecastWeek
from encours.usecases.viewing import Viewing

WEEKS = 4
#: An older forecast says nothing of the next weeks any more.
_RECENT_DAYS = 7


@dataclass(frozen=True)
class ComingWeek:
    """What is expected in a week; without a range (`p10` None) where a portfolio narrows what is seen."""

    start: date
    mean: int
    p10: int | None = None
    p90: int | None = None

    @property
    def end(self) -> date:
        """The last day of the week."""
        return self.start + timedelta(days=6)


@dataclass(frozen=True)
class Coming:
    """An entity's next four weeks; `day`: of its last forecast. A portfolio's are those of open items alone."""

    entity_id: str
    day: date
    limited: bool
    weeks: list[ComingWeek]

    @property
    def total(self) -> int:
        """Expected in the four weeks."""
        return sum(week.mean for week in self.weeks)


def coming_weeks(viewing: Viewing, currency: str) -> list[Coming]:
    """Each entity with a recent forecast in the currency, the most cash first."""
    span = (viewing.day - timedelta(days=_RECENT_DAYS), viewing.day)
    rows = CashForecast.objects.filter(entity_id__in=viewing.entity_ids, day__range=span).order_by("day")
    last = {entity_id: (pk, day) for pk, entity_id, day in rows.values_list("pk", "entity_id", "day")}
    limited = set(viewing.actor.portfolios)
    weeks = _whole({pk for entity, (pk, _) in last.items() if entity not in limited}, currency)
    weeks |= _of_portfolio(viewing, {pk: day for entity, (pk, day) in last.items() if entity in limited}, currency)
    found = [Coming(entity, day, entity in limited, weeks[pk]) for entity, (pk, day) in last.items() if pk in weeks]
    return sorted(found, key=lambda one: (-one.total, one.entity_id))


def _whole(forecasts: set[int], currency: str) -> dict[int, list[ComingWeek]]:
    if not forecasts:
        return {}
    rows = ForecastWeek.objects.filter(
        forecast_id__in=forecasts, currency=currency, source="total", place__lte=WEEKS
    ).order_by("place")
    found: dict[int, list[ComingWeek]] = {}
    for pk, start, mean, p10, p90 in rows.values_list("forecast_id", "week_start", "mean", "p10", "p90"):
        found.setdefault(pk, []).append(ComingWeek(start, mean, p10, p90))
    return found


def _of_portfolio(viewing: Viewing, forecasts: dict[int, date], currency: str) -> dict[int, list[ComingWeek]]:
    """Sums of the customers that are seen: what is expected adds up, a range does not."""
    if not forecasts:
        return {}
    rows = viewing.rows(ForecastCustomer).filter(forecast_id__in=list(forecasts), currency=currency)
    sums: dict[int, list[int]] = {}
    for pk, weeks in rows.values_list("forecast_id", "weeks"):
        total = sums.setdefault(pk, [0] * WEEKS)
        for place, (*_, mean) in enumerate(weeks[:WEEKS]):
            total[place] += mean
    return {
        pk: [ComingWeek(forecasts[pk] + timedelta(days=1 + 7 * place), mean) for place, mean in enumerate(total)]
        for pk, total in sums.items()
    }
