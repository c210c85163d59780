"""A company with open items of two customers, a note, a late item, and receipts: what a clerk's day is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from encours.core.base.book import Book
from encours.store import frames
from encours.store.models import CustomerPosition, Item, Receipt, Role, User
from encours.store.rights import Actor, actor_of
from tests.core import oracle
from tests.kept import import_once
from tests.usecases.books import frame

BOOKED = date(2026, 3, 20)


def an_item(entity: str, customer: str, number: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "item_id": f"{entity}:{number}",
        "entity_id": entity,
        "customer_id": f"{entity}:{customer}",
        "number": number,
        "kind": "invoice" if amount > 0 else "credit_note",
        "issued_on": date(2026, 2, 1),
        "due_on": date(2026, 4, 2),
        "amount": amount,
        "currency": "EUR",
    } | more


def a_receipt(entity: str, name: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "receipt_id": f"{entity}:{name}",
        "entity_id": entity,
        "account": "512",
        "booked_on": BOOKED,
        "amount": amount,
        "currency": "EUR",
        "kind": "transfer",
        "origin": "bank",
    } | more


def desk_book() -> Book:
    """Entity A with customers 0 and 1, entity B with one; F1 offers 2 % until 2026-03-31, F4 is in dollars."""
    items = [
        an_item("A", "0", "F1", 100_000, discount_on=date(2026, 3, 31), discount_amount=2_000),
        an_item("A", "0", "F2", 50_000),
        an_item("A", "0", "N1", -10_000),
        an_item("A", "1", "F3", 30_000),
        an_item("A", "1", "F4", 40_000, currency="USD"),
        an_item("B", "0", "G1", 100_000),
    ]
    receipts = [
        a_receipt("A", "r1", 200_000),
        a_receipt("A", "r2", 98_000, customer_id="A:0"),
        a_receipt("A", "r3", 36_000),
        a_receipt("B", "r1", 100_000),
    ]
    people = [("A", "0"), ("A", "1"), ("B", "0")]
    rates = [{"currency": "USD", "on": BOOKED - timedelta(days=1), "rate": 1.25}]
    return two_entities(people, items=items, receipts=receipts, rates=rates)


def two_entities(people: Iterable[tuple[str, str]], **tables: list[dict[str, Any]]) -> Book:
    """The book of entities A and B with their customers (entity, number) and the rows of further tables."""
    entities = [{"entity_id": e, "name": f"Société {e}", "country": "FR", "currency": "EUR"} for e in "AB"]
    customers = [
        {"customer_id": f"{e}:{n}", "entity_id": e, "name": f"Client {n}", "kind": "business"} for e, n in people
    ]
    told = {"entities": entities, "customers": customers, **tables}
    return Book.of(**{name: frame(name, rows) for name, rows in told.items()})


def load_desk(tmp_path: Path) -> None:
    """The book imported into the store."""
    import_once(desk_book(), tmp_path / "book")


def person(name: str, kind: str = "cash_application", *entities: str) -> Actor:
    """A user with one role in the entities (default: A)."""
    user = User.objects.create_user(name, f"{name}@example.com")
    for entity_id in entities or ("A",):
        Role.objects.create(user=user, entity_id=entity_id, kind=kind)
    return actor_of(user)


def open_of(number: str, entity: str = "A") -> int:
    """What is open of an item."""
    return Item.objects.get(item_id=f"{entity}:{number}", is_current=True).open


def free_of(name: str, entity: str = "A") -> int:
    """What of a receipt is not applied."""
    return Receipt.objects.get(receipt_id=f"{entity}:{name}", is_current=True).unapplied


def standing() -> dict[str, Any]:
    """What the store says now: open, unapplied, whose the receipts are, positions."""
    skipped = {"id", "day"}
    positions = [
        {name: value for name, value in row.items() if name not in skipped} for row in CustomerPosition.objects.values()
    ]
    return {
        "open": dict(Item.objects.filter(is_current=True).values_list("item_id", "open")),
        "free": dict(Receipt.objects.filter(is_current=True).values_list("receipt_id", "unapplied")),
        "whose": dict(Receipt.objects.filter(is_current=True).values_list("receipt_id", "customer_id")),
        "positions": sorted(positions, key=lambda row: (row["customer_id"], row["currency"])),
    }


def assert_oracle(day: date) -> None:
    """The store adds up as the slow replay in Decimal does."""
    book = frames.read_book(["A", "B"])
    facts = {name: book.table(name).rows(named=True) for name in ("items", "receipts", "allocations")}
    ledger = oracle.replay(facts, day, "known")
    stood = standing()
    assert ledger.open == {name: oracle.money(minor) for name, minor in stood["open"].items()}
    assert ledger.unapplied == {name: oracle.money(minor) for name, minor in stood["free"].items()}
    for name, parts in ledger.parts.items():
        assert sum(parts.values(), Decimal(0)) + ledger.open[name] == ledger.invoiced[name]
