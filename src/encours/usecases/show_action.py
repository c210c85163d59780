"""One planned action opened: what it asks of which item, whom to reach, what was said before, what to say now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from encours.store.models import (
    ContactOutcome,
    HeldItem,
    Item,
    ItemPrediction,
    PayerProfile,
    PlannedAction,
    PlannedLine,
    Promise,
    PromiseResult,
    Touch,
    User,
)
from encours.usecases import clock
from encours.usecases.call_script import whom_to_ask
from encours.usecases.show_today import TodayRow, colleagues, one_row, step_names
from encours.usecases.viewing import Viewing

_LINES, _SAID, _PEOPLE = 60, 8, 6


@dataclass(frozen=True)
class ActionLine:
    """An item that is asked for; `held`: its part that is not. Minor units."""

    item_id: str
    number: str
    issued_on: date
    due_on: date
    late_days: int
    amount: int
    held: int
    expected_on: date | None


@dataclass(frozen=True)
class HeldLine:
    """What this customer owes and nobody asks for today."""

    item_id: str
    number: str
    amount: int
    currency: str
    gate: str
    sentence: str
    until_on: date | None


@dataclass(frozen=True)
class Person:
    """Somebody at the customer's."""

    name: str
    role: str
    email: str
    phone: str


@dataclass(frozen=True)
class Before:
    """What was said or sent before: a touch, the outcome of a call, a promise and what became of it."""

    kind: str  # touch, outcome, promise
    on: date
    code: str  # channel, outcome, or the promise's state
    detail: str = ""
    amount: int | None = None
    currency: str = ""
    due_on: date | None = None
    by: str = ""
    names: dict[str, str] = field(default_factory=dict)  # of the step that a touch took


@dataclass(frozen=True)
class ActionPage:
    """A planned action with all that is needed to do it."""

    row: TodayRow
    lines: list[ActionLine]
    more_lines: int
    held: list[HeldLine]
    people: list[Person]
    before: list[Before]
    habit: str
    usual_days: float | None
    promise: Before | None
    colleagues: list[tuple[int, str]]
    today: date


def show_action(viewing: Viewing, number: int) -> ActionPage | None:
    """The action opened; None where it is not to be seen."""
    row = one_row(viewing, number)
    if row is None:
        return None
    viewing = viewing.every_entity().of([row.entity_id])
    lines, more = _lines(viewing, number)
    before = _before(viewing, row.customer_id)
    habit = viewing.rows(PayerProfile).filter(customer_id=row.customer_id).first()
    return ActionPage(
        row=row,
        lines=lines,
        more_lines=more,
        held=_held(viewing, row.customer_id, row.currency),
        people=_people(viewing, number),
        before=before[:_SAID],
        habit=habit.profile if habit else "",
        usual_days=habit.figures.get("delay_median") if habit else None,
        promise=next((one for one in before if one.kind == "promise"), None),
        colleagues=colleagues([row.entity_id]),
        today=viewing.today,
    )


def _lines(viewing: Viewing, number: int) -> tuple[list[ActionLine], int]:
    asked = list(viewing.rows(PlannedLine).filter(action_id=number))
    items = {one.item_id: one for one in viewing.facts(Item).filter(item_id__in=[line.item_id for line in asked])}
    expected = dict(viewing.rows(ItemPrediction).filter(item_id__in=list(items)).values_list("item_id", "expected_on"))
    found = [
        ActionLine(
            line.item_id, item.number or "", item.issued_on, item.due_on, max(0, (viewing.today - item.due_on).days),
            line.amount, line.held, expected.get(line.item_id),
        )
        for line in asked
        if (item := items.get(line.item_id)) is not None
    ]  # fmt: skip
    found.sort(key=lambda line: (line.due_on, line.item_id))
    return found[:_LINES], max(0, len(asked) - _LINES)


def _held(viewing: Viewing, customer_id: str, currency: str) -> list[HeldLine]:
    rows = list(viewing.rows(HeldItem).filter(customer_id=customer_id, currency=currency).order_by("gate", "item_id"))
    numbers = dict(
        viewing.facts(Item).filter(item_id__in=[row.item_id for row in rows]).values_list("item_id", "number")
    )
    return [
        HeldLine(
            row.item_id, numbers.get(row.item_id) or "", row.amount, row.currency, row.gate, row.sentence, row.until_on
        )
        for row in rows
    ][:_LINES]


def _people(viewing: Viewing, number: int) -> list[Person]:
    """Whom to reach, in the order that the step means."""
    action = viewing.rows(PlannedAction).get(pk=number)
    found = whom_to_ask(action)[:_PEOPLE]
    return [Person(one.name or "", one.role or "", one.email or "", one.phone or "") for one in found]


def _before(viewing: Viewing, customer_id: str) -> list[Before]:
    """Calls with their outcome, messages that left, promises: the latest first."""
    outcomes = list(viewing.rows(ContactOutcome).filter(customer_id=customer_id).order_by("-at")[:_SAID])
    told = {one.touch_id for one in outcomes}
    people = _named({one.user_id for one in outcomes})
    found = [
        Before("outcome", _civil(one.at), one.outcome, one.detail, by=people.get(one.user_id, "")) for one in outcomes
    ]
    touches = viewing.facts(Touch).filter(customer_id=customer_id, sent_on__lte=viewing.today)
    seen: set[tuple[date, str, str]] = set()
    steps = step_names(viewing)
    for touch in touches.order_by("-sent_on", "-pk")[:40]:
        key = (touch.sent_on, touch.channel, touch.level or "")
        if touch.touch_id in told or key in seen:
            continue
        seen.add(key)
        names = steps.get(touch.level or "", {})
        found.append(Before("touch", touch.sent_on, touch.channel, touch.level or "", names=names))
    found += _promises(viewing, customer_id)
    return sorted(found, key=lambda one: one.on, reverse=True)


def _promises(viewing: Viewing, customer_id: str) -> list[Before]:
    """Promises by the day they were made and fall due, summed over their items."""
    results = PromiseResult.objects.filter(entity_id__in=viewing.entity_ids, customer_id=customer_id)
    state = {one.promise_id: (str(one.state), one.currency) for one in results}
    sums: dict[tuple[date, date, str, str], int] = {}
    for one in viewing.facts(Promise).filter(customer_id=customer_id):
        what, currency = state.get(one.promise_id, ("", ""))
        key = (one.made_on, one.due_on, what, currency)
        sums[key] = sums.get(key, 0) + (one.amount or 0)
    return [
        Before("promise", made, what, amount=total or None, currency=currency, due_on=due)
        for (made, due, what, currency), total in sums.items()
    ]


def _named(numbers: set[int | None]) -> dict[int | None, str]:
    people = User.objects.filter(Q(pk__in=[one for one in numbers if one is not None]))
    return {one.pk: one.get_full_name() or one.email for one in people}


def _civil(at: datetime) -> date:
    return at.astimezone(clock.ZONE).date()
