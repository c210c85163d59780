"""Wrong reminders avoided and right ones delayed, counted over a small book day by day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from encours.core.base.book import Book
from encours.store.models import DunningDay, HeldItem
from encours.store.rights import job
from encours.usecases.import_files import import_now
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.record_promise import record_promise
from tests.usecases.books import folder, frame
from tests.usecases.clerks import a_receipt, an_item, person
from tests.usecases.conftest import OnDay

pytestmark = pytest.mark.django_db

MONDAY, WEDNESDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 6), date(2026, 5, 12)
#: Who owes; `early` is a day late, so that its first reminder is not due yet.
WHO = ("kept", "broken", "early", "credited", "too_late", "disputed", "part")


def company() -> Book:
    late = {name: MONDAY - timedelta(days=1 if name == "early" else 20) for name in WHO}
    items = [an_item("A", name, f"F-{name}", 100_000, issued_on=date(2026, 3, 1), due_on=on)
             for name, on in late.items()]  # fmt: skip
    dispute = {"dispute_id": "A:d", "item_id": "A:F-disputed", "amount": 100_000, "reason": "price",
               "opened_on": MONDAY}  # fmt: skip
    return Book.of(
        entities=frame("entities", [{"entity_id": "A", "name": "Société A", "country": "FR", "currency": "EUR"}]),
        customers=frame("customers", [
            {"customer_id": f"A:{name}", "entity_id": "A", "name": f"Client {name}", "kind": "business"}
            for name in WHO
        ]),
        items=frame("items", items), disputes=frame("disputes", [dispute]),
    )  # fmt: skip


def settled(tmp_path: Path, name: str, on: date, kind: str = "cash", amount: int = 100_000) -> None:
    """What a file says of an item: money and its letter, or a credit note's letter."""
    letter: dict[str, Any] = {
        "allocation_id": f"A:{name}:{on}", "item_id": f"A:F-{name}", "amount": amount, "kind": kind,
        "allocated_on": on, "source": "fec",
    }  # fmt: skip
    tables = {"allocations": frame("allocations", [letter])}
    if kind == "cash":
        money = a_receipt("A", f"{name}-{on}", amount, booked_on=on, customer_id=f"A:{name}")
        tables = {"receipts": frame("receipts", [money]),
                  "allocations": frame("allocations", [letter | {"receipt_id": money["receipt_id"]}])}  # fmt: skip
    import_now(job("test"), None, [folder(Book.of(**tables), tmp_path / f"{name}-{on}")])


def counted(day: date) -> tuple[int, int]:
    plan_dunning(job("test"), ["A"], day=day)
    return DunningDay.objects.values_list("avoided", "delayed").get(day=day)


def test_a_hold_is_right_where_money_came_in_time_and_wrong_where_it_did_not(
    tmp_path: Path, settings: Settings, on: OnDay
) -> None:
    settings.HOME = tmp_path / "home"
    on(MONDAY)
    import_now(job("test"), None, [folder(company(), tmp_path / "book")])
    boss = person("boss", "credit_manager")
    for name in ("kept", "broken", "early", "credited", "too_late", "part"):
        record_promise(boss, f"A:{name}", WEDNESDAY, key=name)
    assert counted(MONDAY) == (0, 0), "nothing has shown yet"
    held = dict(HeldItem.objects.values_list("item_id", "gate"))
    assert held == {f"A:F-{name}": "disputed" if name == "disputed" else "promise_pending" for name in WHO}

    on(WEDNESDAY)
    settled(tmp_path, "kept", WEDNESDAY)
    settled(tmp_path, "early", WEDNESDAY)
    settled(tmp_path, "credited", WEDNESDAY, "credit")
    settled(tmp_path, "disputed", WEDNESDAY)
    settled(tmp_path, "part", WEDNESDAY, amount=40_000)
    assert counted(WEDNESDAY) == (1, 0), "one has paid what it would have been asked for"
    assert counted(WEDNESDAY) == (1, 0), "planned again it is counted once"

    on(TUESDAY)
    settled(tmp_path, "too_late", TUESDAY)
    assert counted(TUESDAY) == (0, 1), "nothing came of one; one paid after its time; of one a part came"
    on(TUESDAY + timedelta(days=1))
    assert counted(TUESDAY + timedelta(days=1)) == (0, 0)
