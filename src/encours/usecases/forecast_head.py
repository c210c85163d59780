"""Which forecast a page shows: of which entity, of which night, in which currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum

from encours.store.models import CashForecast, Entity, ForecastCustomer, ForecastWeek, PaymentModel
from encours.usecases.viewing import Viewing

#: A forecast older than this is not shown as the last one.
_RECENT_DAYS = 60


@dataclass(frozen=True)
class Range:
    """What is expected, and between what it lies in eight cases of ten; minor units. `p50`: as likely more as less."""

    p10: int
    p50: int
    p90: int
    mean: int


@dataclass(frozen=True)
class Head:
    """Which forecast is shown. `latest`: customers and items are kept of it. `limited`: a portfolio narrows it."""

    entity_id: str
    entity_name: str
    day: date
    afterwards: bool
    model: str
    left_out: list[tuple[str, int, int]]  # reason, items, amount
    issues: list[str]
    before_on: date | None
    before_afterwards: bool
    currency: str
    currencies: list[str]
    latest: bool
    limited: bool
    forecast_id: int
    stamp: str = ""


@dataclass(frozen=True)
class Wanted:
    """What of the forecast is asked for."""

    entity_id: str = ""
    currency: str = ""
    part: str = "weeks"
    text: str = ""
    sort: str = "-soon"
    page: int = 1
    place: int = 1


def entities_of(viewing: Viewing) -> list[tuple[str, str]]:
    """(id, name) of the entities of the page, in the order of their names."""
    return sorted(viewing.rows(Entity).values_list("entity_id", "name"), key=lambda row: row[1])


def head_of(viewing: Viewing, wanted: Wanted, entities: Sequence[tuple[str, str]]) -> Head | None:
    """The forecast to show: of the entity asked for or the first that has one, the last made by the page's day."""
    names = dict(entities)
    recent = (viewing.day - timedelta(days=_RECENT_DAYS), viewing.day)
    kept = CashForecast.objects.filter(entity_id__in=list(names), day__range=recent).order_by("-day")
    by_entity: dict[str, CashForecast] = {}
    for row in kept:
        by_entity.setdefault(row.entity_id, row)
    chosen = by_entity.get(wanted.entity_id) or next((by_entity[e] for e, _ in entities if e in by_entity), None)
    if chosen is None:
        return None
    limited = chosen.entity_id in viewing.actor.portfolios
    currencies = _currencies(viewing, chosen, limited)
    if not currencies:
        return None
    currency = wanted.currency if wanted.currency in currencies else currencies[0]
    latest = ForecastCustomer.objects.filter(forecast=chosen).exists()
    left = [(reason, items, amount) for reason, code, items, amount in chosen.left_out if code == currency]
    return Head(
        entity_id=chosen.entity_id,
        entity_name=names[chosen.entity_id],
        day=chosen.day,
        afterwards=chosen.afterwards,
        model=chosen.model or _says(chosen.entity_id),
        left_out=[] if limited else left,
        issues=list(chosen.issues),
        before_on=chosen.before_on,
        before_afterwards=_was_afterwards(kept, chosen),
        currency=currency,
        currencies=currencies,
        latest=latest,
        limited=limited,
        forecast_id=chosen.pk,
        stamp=chosen.stamp,
    )


def _was_afterwards(kept: Iterable[CashForecast], chosen: CashForecast) -> bool:
    ends = (chosen.entity_id, chosen.before_on)
    return any((row.entity_id, row.day) == ends and row.afterwards for row in kept)


def _currencies(viewing: Viewing, chosen: CashForecast, limited: bool) -> list[str]:
    """The currencies of the forecast, the one with most cash first; of a portfolio those of its customers."""
    if limited:
        rows = viewing.rows(ForecastCustomer).filter(forecast=chosen)
        sums = rows.order_by().values_list("currency").annotate(total=Sum("expected"))
    else:
        rows = ForecastWeek.objects.filter(forecast=chosen, source="total")
        sums = rows.order_by().values_list("currency").annotate(total=Sum("mean"))
    return [currency for currency, _ in sorted(sums, key=lambda row: -row[1])]


def _says(entity_id: str) -> str:
    return str(PaymentModel.objects.filter(entity_id=entity_id).values_list("says", flat=True).first() or "")
