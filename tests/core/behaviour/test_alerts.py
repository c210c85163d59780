"""The bounds of alerts: how recent, how much and how sure a change is, and of what a returned payment was for."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.behaviour.alert import Seen
from encours.core.behaviour.alerts.habit_changed import ALERT as HABIT_CHANGED
from encours.core.behaviour.alerts.returned import ALERT as RETURNED
from encours.core.behaviour.history import DECIDED, HISTORY_SCHEMA
from tests.core.behaviour.books import book_of, day

_TODAY = day(200)
_CHANGED = {
    "payer_id": "C", "changed_on": day(170), "changed_days": 9.0, "change_t": 6.0, "slip_score": 1e6, "slip_waits": 20,
    "slip_open": 1, "slip_days": 10.0, "drawn": 3, "returned": 1, "returned_on": day(190),
}  # fmt: skip


def seen(known: Book, **profile: object) -> Seen:
    """A payer of these figures with two payments before its change of day 170 and two since."""
    paid = [
        {"item_id": f"F{on}", "payer_id": "C", "ending": DECIDED, "paid_on": day(on)} for on in (150, 160, 170, 180)
    ]
    history = pl.DataFrame(paid, schema_overrides={"paid_on": pl.Date()})
    whole = history.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in HISTORY_SCHEMA.items() if name not in history.columns
    )
    return Seen(_TODAY, known, whole, pl.DataFrame([_CHANGED | profile]), pl.DataFrame())


@pytest.fixture(scope="module")
def book() -> Book:
    """One customer, two direct debits of an item each; the second came back on day 190, the first long before."""
    span = {"customer_id": "C", "issued_on": day(0), "due_on": day(14), "amount": 500}
    money = {"entity_id": "E", "customer_id": "C", "currency": "EUR", "account": "512", "origin": "bank"}
    receipts = [
        {**money, "receipt_id": name, "booked_on": day(on), "kind": kind, "returns_receipt_id": of, "amount": amount}
        for name, on, kind, of, amount in (
            ("R1", 100, "direct_debit", None, 500), ("B1", 110, "return", "R1", -500),
            ("R2", 180, "direct_debit", None, 500), ("B2", 190, "return", "R2", -500),
        )
    ]  # fmt: skip
    letters = [{"item_id": item, "amount": 500, "allocated_on": day(on), "receipt_id": of, "reversed_on": day(on + 10)}
               for item, of, on in (("F150", "R1", 100), ("F180", "R2", 180))]  # fmt: skip
    items = [{"item_id": one, **span} for one in ("F150", "F180")]
    return book_of(items, letters, receipts=pl.DataFrame(receipts, infer_schema_length=None))


def test_a_change_of_habit_rests_on_what_was_paid_since(book: Book) -> None:
    found = HABIT_CHANGED.find(seen(book))
    assert found["evidence"].to_list() == [["F180", "F170"]]
    assert found["sentence"].item() == f"Since {day(170)} payments come 9 days later than before."
    assert found["chance"].item() == pytest.approx(0.75)


@pytest.mark.parametrize("profile", [
    {"changed_on": _TODAY - timedelta(days=60)},  # two months ago
    {"changed_days": 3.9},
    {"changed_days": -9.0},
    {"change_t": 3.9},
    {"slip_score": 0.0},  # the best of many splits, by chance
])  # fmt: skip
def test_an_old_small_or_unsure_change_is_none(book: Book, profile: dict[str, object]) -> None:
    assert HABIT_CHANGED.find(seen(book, **profile)).is_empty()


def test_a_returned_payment_names_the_items_that_it_was_for(book: Book) -> None:
    found = RETURNED.find(seen(book))
    assert found["evidence"].to_list() == [["F180"]], "what came back in another month is settled with the customer"
    assert found["chance"].item() == pytest.approx(2 / 6)


@pytest.mark.parametrize(("on", "count"), [(date(2025, 6, 20), 0), (_TODAY - timedelta(days=29), 1), (None, 0)])
def test_a_payment_that_came_back_long_ago_is_none(book: Book, on: date | None, count: int) -> None:
    assert RETURNED.find(seen(book, returned_on=on)).height == count


@pytest.mark.parametrize(("on", "named"), [(190, ["F150"]), (160, None)])
def test_a_draft_that_came_back_names_its_items(book: Book, on: int, named: list[str] | None) -> None:
    draft = {"instrument_id": "N", "customer_id": "C", "kind": "lcr", "amount": 500, "currency": "EUR"}
    back = pl.DataFrame([{**draft, "due_on": day(on - 2), "state": "unpaid", "state_on": day(on)}])
    of = pl.DataFrame([{"instrument_id": "N", "item_id": "F150", "amount": 500}])
    known = book.replace(receipts=book.receipts.clear(), instruments=back, instrument_items=of)
    assert RETURNED.find(seen(known))["evidence"].to_list() == [named]
