"""How a customer's settled money was made up and worded: read from the matches that stand, each time anew.

What is undone, rewound or judged wrong is not among them, so it teaches nothing from the next look on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from encours.core.matching.paying_habit import LAST, OpenItem, PayingHabit, Payment, habit_of_payments
from encours.store.models import Allocation, Item, Receipt
from encours.usecases.desk_quotes import REFERENCES
from encours.usecases.viewing import Viewing
from encours.usecases.wrong_letters import misled_among

#: Invoices that are looked at, the latest due: more than LAST payments settle of all but the largest customers.
_ITEMS_MAX = 600
#: Money that we draw says nothing of how a customer pays.
_DRAWN = ("direct_debit", "draft", "return", "out")
_ITEM = ("item_id", "number", "issued_on", "due_on", "amount", "currency", "entity_id", *REFERENCES)
_RECEIPT = ("receipt_id", "booked_on", "amount", "currency", "remittance", "end_to_end_id")


def paying_habit_of(viewing: Viewing, customer_id: str) -> PayingHabit | None:
    """What the latest payments of a customer show; None on a past day and where nothing of it is settled by money."""
    if viewing.is_past:
        return None
    items = _items(viewing, customer_id)
    taken = list(
        viewing.facts(Allocation)
        .filter(item_id__in=list(items), reversed_on=None)
        .values_list("item_id", "receipt_id", "kind", "amount", "receipt_amount", "allocated_on")
    )
    cash = {receipt_id for _, receipt_id, kind, *_ in taken if receipt_id and kind == "cash"}
    rows = viewing.facts(Receipt).filter(receipt_id__in=cash).exclude(kind__in=_DRAWN)
    receipts = {row["receipt_id"]: row for row in rows.values(*_RECEIPT)}
    for entity_id in {row["entity_id"] for row in items.values()}:
        for wrong in misled_among(entity_id, receipts):
            del receipts[wrong]
    payments = _payments(items, receipts, taken)
    return habit_of_payments(payments) if payments else None


def open_item(row: Mapping[str, Any]) -> OpenItem:
    """An item as a habit reads it; `row` has item_id, number, issued_on, due_on and REFERENCES."""
    references = tuple(row[name] for name in REFERENCES if row[name])
    return OpenItem(row["item_id"], row["number"], references, row["issued_on"], row["due_on"])


def said_with(receipt: Mapping[str, Any]) -> str:
    """All that came with a receipt to say what it pays."""
    return " ".join(part for part in (receipt["remittance"], receipt["end_to_end_id"]) if part)


def _items(viewing: Viewing, customer_id: str) -> dict[str, dict[str, Any]]:
    rows = viewing.facts(Item).filter(customer_id=customer_id, amount__gt=0)
    return {row["item_id"]: row for row in rows.order_by("-due_on", "-item_id").values(*_ITEM)[:_ITEMS_MAX]}


def _payments(
    items: Mapping[str, dict[str, Any]], receipts: Mapping[str, dict[str, Any]], taken: Iterable[tuple[Any, ...]]
) -> list[Payment]:
    """The payments, each with what was open on its day: what came in before and was not settled on an earlier one."""
    settled: dict[str, list[tuple[date, int]]] = defaultdict(list)
    pays: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for item_id, receipt_id, kind, amount, receipt_amount, day in taken:
        by = receipts.get(receipt_id)
        settled[item_id].append((by["booked_on"] if by else day, amount))
        if by and kind == "cash":
            pays[receipt_id][item_id] += amount if receipt_amount is None else receipt_amount
    # One credit of many customers is the bank's way or a factor's, not theirs.
    own = [one for one, paid in pays.items() if 2 * sum(paid.values()) >= receipts[one]["amount"]]
    latest = sorted(own, key=lambda one: (receipts[one]["booked_on"], one), reverse=True)[:LAST]
    return [_payment(receipts[one], set(pays[one]), items, settled) for one in latest]


def _payment(
    receipt: Mapping[str, Any],
    paid: set[str],
    items: Mapping[str, dict[str, Any]],
    settled: Mapping[str, list[tuple[date, int]]],
) -> Payment:
    day = receipt["booked_on"]
    there, parts = [], set()
    for item_id, row in items.items():
        begun = row["amount"] - sum(amount for on, amount in settled[item_id] if on < day)
        if item_id not in paid and (begun <= 0 or row["issued_on"] > day or row["currency"] != receipt["currency"]):
            continue
        there.append(open_item(row))
        if item_id in paid and begun > sum(amount for on, amount in settled[item_id] if on == day):
            parts.add(item_id)
    return Payment(day, said_with(receipt), tuple(there), frozenset(paid - parts), frozenset(parts))
