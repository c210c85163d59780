"""What chasing brings: by collector and for the team, over the last days: promised, kept, collected, called, held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from encours.store.models import (
    Allocation,
    ContactOutcome,
    Customer,
    DunningDay,
    Entity,
    HeldItem,
    Item,
    Message,
    PlannedAction,
    PromiseResult,
    Touch,
)
from encours.usecases import clock
from encours.usecases.chasing_effect import ChasingEffect, chasing_effect
from encours.usecases.contact_outcomes import OUTCOMES
from encours.usecases.show_today import TIMED
from encours.usecases.viewing import Viewing

#: Days that the figures look back.
PERIODS = (30, 7, 90)
#: Money is counted as collected after a contact that spoke of its item so many days before.
AFTER_DAYS = 21
_LEFT = (Message.State.SENT, Message.State.DELIVERED, Message.State.BOUNCED)


@dataclass
class ChaserFigures:
    """One collector's customers, or the team's. Amounts in minor units of the entities' first currency. `earlier`: days
    by which the actions done are believed to have brought payment forward."""

    name: str
    todo: int = 0
    minutes: int = 0
    done: int = 0
    calls: int = 0
    reached: int = 0
    messages: int = 0
    promised: int = 0
    due_promised: int = 0
    kept: int = 0
    collected: int = 0
    held: int = 0
    earlier: float | None = None

    @property
    def kept_share(self) -> float | None:
        """Of what was promised and fell due, the share that came."""
        return self.kept / self.due_promised if self.due_promised else None


@dataclass(frozen=True)
class ChasingFigures:
    """The page: a row a collector, the team's sums, what the firewall avoided and delayed, and the effect."""

    days: int
    from_on: date
    to_on: date
    currency: str
    rows: list[ChaserFigures]
    team: ChaserFigures
    avoided: int
    delayed: int
    effect: ChasingEffect
    after_days: int = AFTER_DAYS


def show_chasing_figures(viewing: Viewing, days: int) -> ChasingFigures:
    """Figures of the last `days` days, of the customers that are seen, in the currency most used."""
    from_on, to_on = viewing.today - timedelta(days=days - 1), viewing.today
    currencies = list(viewing.rows(Entity).values_list("currency", flat=True)) or ["EUR"]
    currency = max(sorted(set(currencies)), key=currencies.count)
    owner = {
        one: collector or ""
        for one, collector in viewing.facts(Customer).values_list("customer_id", "collector").iterator()
    }
    people: dict[str, ChaserFigures] = {}

    def of(customer_id: str | None) -> Iterable[ChaserFigures]:
        name = owner.get(customer_id or "", "")
        return team, people.setdefault(name, ChaserFigures(name))

    team = ChaserFigures("")
    _work(viewing, of)
    _contacts(viewing, of, from_on)
    _promises(viewing, of, from_on, currency)
    _collected(viewing, of, from_on, currency)
    _held(viewing, of, currency)
    effect = chasing_effect(viewing, owner, from_on, days, currency)
    for name, earlier in effect.by_person.items():
        people.setdefault(name, ChaserFigures(name)).earlier = earlier
    kept = DunningDay.objects.filter(entity_id__in=viewing.entity_ids, day__gte=from_on)
    sums = list(kept.values_list("avoided", "delayed"))
    return ChasingFigures(
        days=days, from_on=from_on, to_on=to_on, currency=currency, team=team,
        rows=sorted(people.values(), key=lambda one: (one.name == "", -one.collected, one.name)),
        avoided=sum(a for a, _ in sums), delayed=sum(d for _, d in sums), effect=effect,
    )  # fmt: skip


def _work(viewing: Viewing, of: Any) -> None:
    rows = viewing.rows(PlannedAction).filter(day__gte=viewing.today).exclude(mode="automatic")
    for customer_id, state, minutes in rows.values_list("customer_id", "state", "minutes"):
        for one in of(customer_id):
            if state == PlannedAction.State.PLANNED:
                one.todo, one.minutes = one.todo + 1, one.minutes + minutes
            elif state in (PlannedAction.State.DONE, PlannedAction.State.QUEUED):
                one.done += 1


def _contacts(viewing: Viewing, of: Any, from_on: date) -> None:
    calls = viewing.rows(ContactOutcome).filter(at__gte=clock.begins(from_on), channel="call")
    for customer_id, outcome in calls.values_list("customer_id", "outcome"):
        kind = OUTCOMES.get(outcome)
        for one in of(customer_id):
            one.calls += 1
            one.reached += kind is None or kind.reached
    sent = viewing.rows(Message).filter(state__in=_LEFT, sent_at__gte=clock.begins(from_on), customer_id__isnull=False)
    for customer_id in sent.values_list("customer_id", flat=True):
        for one in of(customer_id):
            one.messages += 1


def _promises(viewing: Viewing, of: Any, from_on: date, currency: str) -> None:
    rows = viewing.rows(PromiseResult).filter(currency=currency).exclude(state=PromiseResult.State.WITHDRAWN)
    rows = rows.filter(Q(made_on__gte=from_on) | Q(judged_on__gte=from_on))
    for customer_id, amount, paid, made_on, judged_on in rows.values_list(
        "customer_id", "amount", "paid", "made_on", "judged_on"
    ):
        for one in of(customer_id):
            one.promised += (amount or 0) if made_on >= from_on else 0
            if judged_on is not None and judged_on >= from_on:
                one.due_promised += amount or 0
                one.kept += min(paid, amount or paid)


def _collected(viewing: Viewing, of: Any, from_on: date, currency: str) -> None:
    """Money allocated in the period to items that a contact spoke of in the AFTER_DAYS before."""
    since = from_on - timedelta(days=AFTER_DAYS)
    spoken: dict[str, list[date]] = {}
    touches = viewing.facts(Touch).filter(sent_on__gte=since, item_id__isnull=False)
    for item_id, on in touches.values_list("item_id", "sent_on"):
        spoken.setdefault(item_id, []).append(on)
    if not spoken:
        return
    items = viewing.facts(Item).filter(currency=currency, item_id__in=list(spoken))
    whose = dict(items.values_list("item_id", "customer_id"))
    paid = viewing.facts(Allocation).filter(
        item_id__in=list(whose), kind="cash", allocated_on__gte=from_on, allocated_on__lte=viewing.today,
        reversed_on__isnull=True,
    )  # fmt: skip
    for item_id, on, amount in paid.values_list("item_id", "allocated_on", "amount"):
        if any(timedelta() <= on - told <= timedelta(days=AFTER_DAYS) for told in spoken[item_id]):
            for one in of(whose[item_id]):
                one.collected += amount


def _held(viewing: Viewing, of: Any, currency: str) -> None:
    rows = viewing.rows(HeldItem).filter(currency=currency).exclude(gate__in=TIMED)
    for customer_id, amount in rows.values_list("customer_id", "amount"):
        for one in of(customer_id):
            one.held += amount
