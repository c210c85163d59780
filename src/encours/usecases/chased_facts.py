"""The facts that letters and messages are made of: read one by one, or for a whole batch ahead.

Within `read_ahead` what is asked for was read for all customers and items of the batch in a query a table. Whoever is
asked for and was not named is read alone, so that nothing is missing because it was not foreseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from encours.store.models import (
    Allocation,
    Contact,
    Customer,
    CustomerPosition,
    Entity,
    Event,
    Item,
    MessageTemplate,
    Promise,
    User,
)
from encours.usecases.manage_settings import read_at_once
from encours.usecases.positions import COLUMNS, Position

#: So many messages are made of one reading: facts are seconds old at most.
BATCH = 100
_EVENTS = ("factor:", "insolvency:")
_KEYS_MAX = 5_000  # of one query: SQLite takes 32,766 values


@dataclass(frozen=True)
class Settled:
    """An allocation that stands: of which item, day, minor units, kind."""

    item_id: str
    on: date
    amount: int
    kind: str


@dataclass(frozen=True)
class Told:
    """An event of a customer or an item."""

    subject: str
    subject_id: str
    kind: str
    value: str | None
    on: date
    detail: str | None = None


@dataclass(frozen=True)
class _Ahead:
    """What was read: key -> rows, and the keys that were asked for (of them a missing one has no row)."""

    asked: frozenset[str]
    rows: Mapping[str, Mapping[str, list[Any]]]


_ahead: ContextVar[_Ahead | None] = ContextVar("facts_read_ahead", default=None)


@contextmanager
def read_ahead(entity_id: str, customer_ids: Collection[str], item_ids: Collection[str]) -> Iterator[None]:
    """Within it, facts of these customers and items, and the entity's settings, are those of its beginning."""
    customers, items = set(customer_ids), set(item_ids)
    rows: dict[str, dict[str, list[Any]]] = {
        "items": _grouped(_in_parts(_items, items), lambda row: row.item_id),
    }
    owners = {row.customer_id for found in rows["items"].values() for row in found} | customers
    rows |= {
        "entities": _grouped(Entity.objects.filter(pk=entity_id), lambda row: row.pk),
        "open": _grouped(_in_parts(_open_items, owners), lambda row: row.customer_id),
        "customers": _grouped(_in_parts(_customers, owners), lambda row: row.customer_id),
        "contacts": _grouped(_in_parts(_contacts, owners), lambda row: row.customer_id),
        "positions": _grouped(_in_parts(_positions, owners), lambda row: row.customer_id),
        "promises": _grouped(_in_parts(_promises, owners), lambda row: row.customer_id),
        "events": _grouped(_in_parts(_events, owners | items), lambda row: row.subject_id),
        "settled": _grouped(_in_parts(_settled, items), lambda row: row.item_id),
        "templates": {entity_id: _templates(entity_id)},
        "users": {"": _users()},
    }
    asked = frozenset({entity_id, "", *owners, *items})
    token = _ahead.set(_Ahead(asked, rows))
    try:
        with read_at_once(entity_id):
            yield
    finally:
        _ahead.reset(token)


def entity_of(entity_id: str) -> Entity | None:
    """The company."""
    return next(iter(_read("entities", [entity_id], lambda ids: Entity.objects.filter(pk__in=ids))), None)


def customer_of(customer_id: str) -> Customer | None:
    """The customer as it is now."""
    return next(iter(customers_of([customer_id])), None)


def customers_of(customer_ids: Collection[str]) -> list[Customer]:
    """The customers as they are now."""
    return _read("customers", customer_ids, _customers)


def contacts_of(customer_id: str) -> list[Contact]:
    """The customer's contacts by their ids."""
    return _read("contacts", [customer_id], _contacts)


def items_of(item_ids: Collection[str]) -> list[Item]:
    """The items as they are now: by due date, number, part and id."""
    found = _read("items", item_ids, _items)
    return sorted(found, key=lambda row: (row.due_on, row.number, row.part or "", row.item_id))


def open_items_of(customer_id: str) -> list[Item]:
    """All that is open of a customer, credit notes too: by due date, number and id."""
    found = _read("open", [customer_id], _open_items)
    return sorted(found, key=lambda row: (row.due_on, row.number, row.item_id))


def positions_of_customer(customer_id: str) -> list[Position]:
    """The customer's balances, the largest first."""
    return sorted(_read("positions", [customer_id], _positions), key=lambda row: -row.balance)


def events_of(subject_ids: Collection[str], day: date) -> list[Told]:
    """Sales to factors and insolvencies of these customers and items until a day, in their order."""
    return [row for row in sorted(_read("events", subject_ids, _events), key=lambda row: row.on) if row.on <= day]


def settled_of(item_id: str, day: date) -> list[Settled]:
    """What stands settled of an item at the end of a day, in its order."""
    return [row for row in _read("settled", [item_id], _settled) if row.on <= day]


def promise_before(customer_id: str, day: date) -> Promise | None:
    """The latest promise of the customer that was due before a day."""
    due = [row for row in _read("promises", [customer_id], _promises) if row.due_on < day]
    return max(due, key=lambda row: (row.due_on, row.pk), default=None)


def templates_of(entity_id: str) -> list[MessageTemplate]:
    """The templates in force that people wrote, for the entity or for all."""
    return _read("templates", [entity_id], lambda ids: [row for one in ids for row in _templates(one)])


def active_users() -> list[User]:
    """Everybody who may sign in."""
    return _read("users", [""], lambda _: _users())


def _read(name: str, keys: Collection[str], alone: Callable[[set[str]], Iterable[Any]]) -> list[Any]:
    """Rows of these keys: what was read ahead, and what was not, now."""
    ahead, wanted = _ahead.get(), dict.fromkeys(keys)
    if ahead is None:
        return list(alone(set(wanted))) if wanted else []
    found = [row for key in wanted for row in ahead.rows[name].get(key, ())]
    rest = {key for key in wanted if key not in ahead.asked}
    return found + list(alone(rest)) if rest else found


def _grouped(rows: Iterable[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)


def _in_parts(read: Callable[[set[str]], Iterable[Any]], keys: set[str]) -> Iterator[Any]:
    """Read in queries that every database takes."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _KEYS_MAX):
        yield from read(set(ordered[start : start + _KEYS_MAX]))


def _items(item_ids: set[str]) -> Iterable[Item]:
    return Item.objects.filter(item_id__in=item_ids, is_current=True)


def _open_items(customer_ids: set[str]) -> Iterable[Item]:
    return Item.objects.filter(customer_id__in=customer_ids, is_current=True).exclude(open=0)


def _customers(customer_ids: set[str]) -> Iterable[Customer]:
    return Customer.objects.filter(customer_id__in=customer_ids, is_current=True)


def _contacts(customer_ids: set[str]) -> Iterable[Contact]:
    return Contact.objects.filter(customer_id__in=customer_ids, is_current=True).order_by("contact_id")


def _positions(customer_ids: set[str]) -> Iterable[Position]:
    rows = CustomerPosition.objects.filter(customer_id__in=customer_ids)
    return [Position(*row) for row in rows.values_list(*COLUMNS)]


def _promises(customer_ids: set[str]) -> Iterable[Promise]:
    return Promise.objects.filter(customer_id__in=customer_ids, is_current=True)


def _events(subject_ids: set[str]) -> Iterable[Told]:
    kinds = Q(kind__startswith=_EVENTS[0]) | Q(kind__startswith=_EVENTS[1])
    rows = Event.objects.filter(kinds, subject_id__in=subject_ids, is_current=True).order_by("on", "id")
    return [Told(*row) for row in rows.values_list("subject", "subject_id", "kind", "value", "on", "detail")]


def _settled(item_ids: set[str]) -> Iterable[Settled]:
    rows = Allocation.objects.filter(item_id__in=item_ids, is_current=True, reversed_on__isnull=True)
    columns = ("item_id", "allocated_on", "amount", "kind")
    return [Settled(*row) for row in rows.order_by("allocated_on", "id").values_list(*columns)]


def _templates(entity_id: str) -> list[MessageTemplate]:
    return list(MessageTemplate.objects.filter(Q(entity_id=entity_id) | Q(entity=None), active=True))


def _users() -> list[User]:
    return list(User.objects.filter(is_active=True))
