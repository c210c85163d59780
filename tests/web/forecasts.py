"""A forecast for the town: rows as a night would leave them, with figures that can be told apart."""

from __future__ import annotations

from datetime import date, timedelta

from encours.store.models import (
    CashForecast,
    ForecastCause,
    ForecastCustomer,
    ForecastDay,
    ForecastItem,
    ForecastWeek,
    Item,
)
from encours.usecases import clock

WEEKS = 13
_SHARES = {"open_items": 1.0, "orders": 0.1, "expected_invoices": 0.3, "total": 1.4}


def forecast_town(entity_ids: tuple[str, ...] = ("A", "B")) -> None:
    """Each entity: the forecast of today with its bridge, and weekly ones before it, two of them judged."""
    day = clock.today()
    for entity_id in entity_ids:
        for back in (3, 2, 1):
            _forecast(entity_id, day - timedelta(days=7 * back), judged=back > 1)
        made = _forecast(entity_id, day, before_on=day - timedelta(days=7))
        for number in range(4):
            _customer(made, entity_id, number, day)
        for cause, customer, amount in _STEPS:
            ForecastCause.objects.create(
                forecast=made,
                entity_id=entity_id,
                currency="EUR",
                cause=cause,
                customer_id=f"{entity_id}:{customer}",
                items=2,
                amount=amount,
            )


_STEPS = (
    ("before", 0, 90_000),
    ("before", 1, 60_000),
    ("new_invoices", 0, 40_000),
    ("slipped", 1, -15_000),
    ("now", 0, 130_000),
    ("now", 1, 45_000),
)


def _forecast(entity_id: str, day: date, *, judged: bool = False, before_on: date | None = None) -> CashForecast:
    made = CashForecast.objects.create(
        entity_id=entity_id,
        day=day,
        weeks=WEEKS,
        afterwards=before_on is None,
        made_at=clock.now(),
        before_on=before_on,
        left_out=[["factored", "EUR", 1, 77_700]],
    )
    size = 1_000_000 if entity_id == "A" else 7_770_000
    for place in range(1, WEEKS + 1):
        for source, share in _SHARES.items():
            mean = int(size * share / place)
            naive = source == "open_items"
            ForecastWeek.objects.create(
                forecast=made,
                entity_id=entity_id,
                currency="EUR",
                source=source,
                place=place,
                week_start=day + timedelta(days=7 * place - 6),
                p10=int(mean * 0.8),
                p50=mean,
                p90=int(mean * 1.2),
                mean=mean,
                due_date=int(mean * 1.5) if naive else None,
                own_median=int(mean * 1.25) if naive else None,
                came=int(mean * 0.9) if naive and judged and place == 1 else None,
            )
    for ahead in range(14):
        ForecastDay.objects.create(
            forecast=made,
            entity_id=entity_id,
            currency="EUR",
            on=day + timedelta(days=1 + ahead),
            p10=1_000,
            p50=2_000,
            p90=3_000,
            mean=2_000 + ahead,
        )
    return made


def _customer(made: CashForecast, entity_id: str, number: int, day: date) -> None:
    customer_id = f"{entity_id}:{number}"
    items = list(Item.objects.filter(customer_id=customer_id, is_current=True, open__gt=0))
    open_ = sum(item.open for item in items)
    soon, rest = open_ // 2, open_ // 4
    ForecastCustomer.objects.create(
        forecast=made,
        entity_id=entity_id,
        customer_id=customer_id,
        currency="EUR",
        name=f"{'Zirconia' if entity_id == 'A' else 'Basalte'} {number}",
        open=open_,
        soon=soon,
        expected=soon + rest,
        later=open_ - soon - rest,
        weeks=[[0, soon, open_, soon], *[[0, 0, 0, 0]] * (WEEKS - 2), [0, rest, open_, rest]],
    )
    for item in items:
        ForecastItem.objects.create(
            forecast=made,
            entity_id=entity_id,
            customer_id=customer_id,
            item_id=item.item_id,
            currency="EUR",
            number=item.number,
            open=item.open,
            due_on=item.due_on,
            p10_on=day + timedelta(days=1),
            p50_on=day + timedelta(days=5),
            p90_on=day + timedelta(days=60),
            soon=item.open // 2,
            expected=item.open // 2,
            later=item.open - item.open // 2,
        )
