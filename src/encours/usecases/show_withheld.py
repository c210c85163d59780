"""Why nothing left: what experiments leave alone, and messages that the last look stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from encours.store.models import Customer, DunningExperiment, ExperimentUnit, Message, PlannedAction
from encours.usecases import clock
from encours.usecases.viewing import Viewing

#: So long a stopped message stands in the list: by then the plan has said it anew, or holds it with its own reason.
STOPPED_DAYS = 14
_STOPPED_MOST = 50


@dataclass(frozen=True)
class Withheld:
    """An action of today's plan that an experiment leaves alone: `why` it was begun, `until` when; minor units."""

    entity_id: str
    customer_id: str
    name: str
    channel: str
    scenario: str
    step: str
    amount: int
    currency: str
    overdue_days: int | None
    experiment: str
    why: str
    share: float
    since_on: date | None
    until_on: date | None


@dataclass(frozen=True)
class Stopped:
    """A message that was approved and did not leave, and why."""

    message_id: str
    customer_id: str | None
    name: str
    subject: str
    amount: int
    currency: str
    at: datetime
    why: str


def withheld(viewing: Viewing, text: str = "") -> QuerySet[Any]:
    """Actions of the day's plan that experiments leave alone, the largest first."""
    rows: QuerySet[Any] = viewing.rows(PlannedAction).filter(day__gte=viewing.today, state=PlannedAction.State.WITHHELD)
    if text:
        found = viewing.facts(Customer).filter(Q(name__icontains=text) | Q(customer_id__icontains=text))
        rows = rows.filter(customer_id__in=found.values("customer_id"))
    return rows.order_by("-amount", "pk")


def withheld_rows(viewing: Viewing, actions: QuerySet[Any]) -> list[Withheld]:
    """The same with the experiment that each is left alone by."""
    rows = list(actions)
    names = _names(viewing, {row.customer_id for row in rows})
    units = _units({row.customer_id for row in rows})
    found = []
    for row in rows:
        running = [one for one in units if one.customer_id == row.customer_id and _is_of(one, row)]
        unit = max(running, key=lambda one: one.entered_on, default=None)
        test: DunningExperiment | None = unit.experiment if unit else None
        found.append(
            Withheld(
                row.entity_id, row.customer_id, names.get(row.customer_id, row.customer_id), row.channel, row.scenario,
                row.step, row.amount, row.currency, row.overdue_days, test.code if test else "",
                test.why if test else "", test.share if test else 0.0, unit.entered_on if unit else None,
                unit.entered_on + timedelta(days=test.days) if unit and test else None,
            )
        )  # fmt: skip
    return found


def stopped_rows(viewing: Viewing) -> list[Stopped]:
    """Messages that the last look before sending stopped lately, the latest first."""
    rows = list(
        viewing.rows(Message)
        .filter(
            state=Message.State.CANCELLED, events__kind="cancelled",
            events__at__gte=clock.now() - timedelta(days=STOPPED_DAYS),
        )
        .defer("text", "html")
        .order_by("-created_at", "pk")
        .distinct()[:_STOPPED_MOST]
    )  # fmt: skip
    names = _names(viewing, {row.customer_id for row in rows if row.customer_id})
    return [
        Stopped(
            str(row.pk), row.customer_id, names.get(row.customer_id or "", row.customer_id or ", ".join(row.to)),
            row.subject, row.amount, row.currency, row.approved_at or row.created_at, row.error,
        )
        for row in rows
    ]  # fmt: skip


def _units(customer_ids: set[str]) -> list[ExperimentUnit]:
    rows = ExperimentUnit.objects.filter(
        customer_id__in=customer_ids, arm=ExperimentUnit.Arm.HELD_OUT, experiment__ended_on__isnull=True
    )
    return list(rows.select_related("experiment"))


def _is_of(unit: ExperimentUnit, action: PlannedAction) -> bool:
    return (unit.experiment.entity_id, unit.experiment.scenario) == (action.entity_id, action.scenario)


def _names(viewing: Viewing, customer_ids: set[str]) -> dict[str, str]:
    return dict(viewing.facts(Customer).filter(customer_id__in=customer_ids).values_list("customer_id", "name"))
