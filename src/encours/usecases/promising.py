"""What a promise is made of: which items it is about, how much of each, and until when reminders of them wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.core.base.days import bank_calendar
from encours.core.base.issue import CallError
from encours.core.dunning.known import Rules
from encours.store.models import Customer, Entity, Item, PromiseResult
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError

PROMISE, ANNOUNCED, INSTALMENT = "promise", "payment_announced", "instalment"
#: So many worked days beyond its date a word holds reminders: money takes its time to be booked and read. They are
#: those of the gates of the plan (`core.dunning.known.Rules`).
GRACE_DAYS = {PROMISE: Rules().promise_grace, INSTALMENT: Rules().promise_grace, ANNOUNCED: Rules().announced_days}
#: Nobody's word holds reminders for longer; what is further away is a plan.
_LONGEST_DAYS = 92


@dataclass(frozen=True)
class Said:
    """One date that a customer named: `amount` in minor units (None: all that is open of the items)."""

    kind: str
    on: date
    amount: int | None = None
    reference: str = ""


def held_until(entity_id: str, kind: str, on: date) -> date:
    """The last day on which reminders wait for what is to come on a day, by the worked days of the entity's country."""
    return worked_days_later(entity_id, on, GRACE_DAYS.get(kind, GRACE_DAYS[PROMISE]))


def worked_days_later(entity_id: str, day: date, days: int) -> date:
    """The day so many worked days after another, by the calendar of the entity's country."""
    country = Entity.objects.values_list("country", flat=True).get(pk=entity_id)
    return bank_calendar(country).add(day, days)


def customer_of(actor: Actor, customer_id: str, act: str) -> Customer:
    """The customer as the actor sees it. Raises NotAllowedError."""
    found: Customer | None = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if found is None:
        raise NotAllowedError(act, None, "not_visible")
    return found


def owed_items(customer: Customer, item_ids: Sequence[str]) -> list[Item]:
    """The open claims named, the oldest due date first; none named: all that is due, else all that is open.

    Raises CallError naming every item that is not the customer's, or settled, and where currencies are mixed.
    """
    rows = Item.objects.filter(customer_id=customer.customer_id, is_current=True, open__gt=0)
    rows = rows.order_by("due_on", "item_id")
    if not item_ids:
        found = list(rows.filter(due_on__lt=clock.today())) or list(rows)
    else:
        wanted = set(item_ids)
        found = [row for row in rows if row.item_id in wanted]
        missing = sorted(wanted - {row.item_id for row in found})
        if missing:
            raise CallError([f"item {one} is not open at this customer" for one in missing])
    if len({row.currency for row in found}) > 1:
        raise CallError(["the items are in several currencies: take one currency at a time"])
    return found


def check_said(said: Said, today: date) -> None:
    """Raises CallError for an amount that is none, or a day that nobody would believe."""
    faults = []
    if said.amount is not None and said.amount <= 0:
        faults.append("the amount must be more than nothing")
    if said.kind == PROMISE and said.on < today:
        faults.append("a promise is for today or later")
    if (said.on - today).days > _LONGEST_DAYS:
        faults.append("the day is more than three months away")
    if said.kind == ANNOUNCED and (today - said.on).days > _LONGEST_DAYS:
        faults.append("the day is more than three months ago")
    if faults:
        raise CallError(faults)


def results_of(customer: Customer, items: Sequence[Item], said: Sequence[Said], key: str) -> list[PromiseResult]:
    """A promise an item for each date that was named, not stored yet: amounts fill the items from the oldest on.

    What is promised beyond what is open stays without a row: no item can be settled by more than it owes. Raises
    CallError where nothing is open.
    """
    if not items:
        raise CallError(["nothing is open at this customer"])
    left = {item.item_id: item.open for item in items}
    found: list[PromiseResult] = []
    for one in sorted(said, key=lambda part: part.on):
        money = one.amount
        for item in items:
            part = left[item.item_id] if money is None else min(left[item.item_id], money)
            if part <= 0:
                continue
            left[item.item_id] -= part
            money = None if money is None else money - part
            found.append(_result(customer, item, one, part, f"{key}-{len(found) + 1}"))
    return found


def _result(customer: Customer, item: Item, said: Said, amount: int, key: str) -> PromiseResult:
    return PromiseResult(
        entity_id=customer.entity_id,
        promise_id=f"{customer.entity_id}:encours-{key}",
        customer_id=customer.customer_id,
        item_id=item.item_id,
        kind=said.kind,
        amount=amount,
        currency=item.currency,
        made_on=clock.today(),
        due_on=said.on,
        held_until=held_until(customer.entity_id, said.kind, said.on),
        reference=said.reference.strip()[:140],
    )


def facts_of(rows: Sequence[PromiseResult]) -> list[dict[str, Any]]:
    """The promises as the Book tells them."""
    names = ("promise_id", "customer_id", "item_id", "amount", "made_on", "due_on", "kind")
    return [{name: getattr(row, name) for name in names} for row in rows]


def replaced(rows: Sequence[PromiseResult]) -> list[PromiseResult]:
    """Earlier promises of the same items that are not due yet: the new word takes their place. Instalments of a plan
    stand: a plan is ended, not overwritten."""
    items = {row.item_id for row in rows}
    mine = PromiseResult.objects.filter(item_id__in=items, state=PromiseResult.State.PENDING, plan=None)
    return list(mine.filter(due_on__gte=clock.today()))


def withdrawn_facts(rows: Sequence[PromiseResult]) -> list[dict[str, Any]]:
    """Versions that take promises out of the Book."""
    return [{"promise_id": row.promise_id, "voided": True} for row in rows]


def keep(rows: Sequence[PromiseResult], former: Sequence[PromiseResult]) -> None:
    """Stores the promises and marks those they take the place of, in the caller's transaction."""
    PromiseResult.objects.filter(pk__in=[row.pk for row in former]).update(
        state=PromiseResult.State.WITHDRAWN, judged_on=clock.today()
    )
    PromiseResult.objects.bulk_create(rows)
