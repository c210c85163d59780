"""Was the firewall right? What became of the reminders that it held because money had come or was coming.

Only gates that say something of money can be proven right or wrong (OF_MONEY): whoever is in dispute, has reached its
cap or waits for a holiday to end was not held for having paid. Only reminders whose step was due would have left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from encours.core.base.invariants import MONEY_PARTS
from encours.core.base.promises import enough
from encours.core.dunning.gates import gates
from encours.store.models import Allocation, HeldItem, Item, Receipt

#: What is booked along with money: an early payment's discount, a bank's fee.
_BESIDE = ("discount", "charge", "fx")


@dataclass(frozen=True)
class Hindsight:
    """Customers whom a gate was right about: a wrong reminder avoided each; and wrong: a right one delayed."""

    avoided: int
    delayed: int


@dataclass(frozen=True)
class _Letter:
    item_id: str
    kind: str
    amount: int
    lettered_on: date
    came_on: date


def hindsight(entity_id: str, day: date, asked: Collection[str]) -> Hindsight:
    """What has shown since the plan before `day`, whose held items still stand. `asked`: items that `day` asks for.

    Avoided: the item was paid, by money that had come by the day on which its reminder would have left, or by the last
    day that the gate gave it. Delayed: it is asked for now, and no money came for it while it was held. Of a customer
    with items of both kinds the reminder would have been wrong.
    """
    codes = [gate.code for gate in gates() if gate.of_money]
    rows = HeldItem.objects.filter(entity_id=entity_id, gate__in=codes, part=False, step_on__isnull=False)
    held = [row for row in rows if row.step_on is not None and row.step_on <= row.day]
    items = {row.item_id: row for row in Item.objects.filter(
        entity_id=entity_id, is_current=True, item_id__in=[row.item_id for row in held])}  # fmt: skip
    letters = _letters(items)
    paid, wrong = set(), set()
    for row in held:
        item, own = items.get(row.item_id), letters.get(row.item_id, [])
        if item is not None and item.open <= 0 and _in_time(row, _since(own, item.amount - row.amount)):
            paid.add(row.customer_id)
        elif row.item_id in asked and not any(
            one.kind in MONEY_PARTS and one.lettered_on >= row.since_on for one in own
        ):
            wrong.add(row.customer_id)
    return Hindsight(len(paid), len(wrong - paid))


def _in_time(row: HeldItem, settled: Iterable[_Letter]) -> bool:
    """Whether what was held was paid, and soon enough for the reminder to have been wrong."""
    left_on = max(row.since_on, row.step_on or row.since_on)
    last = max(left_on, row.until_on or left_on)
    in_time = [one for one in settled if one.came_on <= last and one.kind in (*MONEY_PARTS, *_BESIDE)]
    came = sum(one.amount for one in in_time)
    return any(one.kind in MONEY_PARTS for one in in_time) and enough(came, row.amount)


def _since(letters: Iterable[_Letter], before: int) -> list[_Letter]:
    """The letters of an item, in the order in which they were told, without those that had settled `before` of it."""
    found, passed = [], 0
    for one in letters:
        if passed >= before:
            found.append(one)
        passed += one.amount
    return found


def _letters(items: Collection[str]) -> dict[str, list[_Letter]]:
    standing = Allocation.objects.filter(item_id__in=list(items), is_current=True, reversed_on__isnull=True)
    lines = list(standing.order_by("pk").values_list("item_id", "kind", "amount", "allocated_on", "receipt_id"))
    receipts = Receipt.objects.filter(receipt_id__in={line[4] for line in lines if line[4]}, is_current=True)
    booked = dict(receipts.values_list("receipt_id", "booked_on"))
    found: dict[str, list[_Letter]] = {}
    for item_id, kind, amount, on, receipt in lines:
        found.setdefault(item_id, []).append(_Letter(item_id, kind, amount, on, booked.get(receipt or "", on)))
    return found
