"""The bridge from one forecast to the next: exact to the cent whatever happened, and named by what happened."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.forecast import bridge, forecast
from encours.core.forecast.bridge import BRIDGE_SCHEMA, CAUSES
from encours.core.forecast.expected import EXPECTED_SCHEMA
from tests.core.forecast.books import AS_OF, Row, book_of, company, item, on, opened, spread_of, usual

_WEEK = AS_OF + timedelta(days=7)


def _expected(rows: list[tuple[str, int | None, int]]) -> pl.DataFrame:
    """Rows of item, first day of the week counted from AS_OF, money."""
    told = [(name, "E", "EUR", "A", None if day is None else on(day), money) for name, day, money in rows]
    return pl.DataFrame(told, schema=EXPECTED_SCHEMA, orient="row")


def _sums(frame: pl.DataFrame, name: str, first: date, last: date) -> dict[tuple[str, date], int]:
    rows = frame.filter(pl.col("week_start").is_between(first, last)).group_by("customer_id", "week_start")
    return {(who, day): money for who, day, money in rows.agg(pl.col(name).sum()).iter_rows() if money}


def test_it_adds_up_on_a_company_that_lived_on() -> None:
    book, day = company()
    then, today = day, day + timedelta(days=14)
    before, now = (forecast(book, d, opened(book, d), usual(opened(book, d), d)).items for d in (then, today))
    found = bridge(book, then, before, today, now)
    assert found.schema == BRIDGE_SCHEMA
    first, last = today + timedelta(days=1), day + timedelta(days=1 + 7 * 12)
    old, new, moved = (
        _sums(frame, name, first, last) for frame, name in ((before, "expected"), (now, "expected"), (found, "amount"))
    )
    for key in {*old, *new, *moved}:
        assert new.get(key, 0) - old.get(key, 0) == moved.get(key, 0)
    causes = dict(found.group_by("cause").agg(pl.col("amount").sum()).iter_rows())
    assert set(causes) == {"new_invoices", "paid", "slipped", "habit"}
    assert causes["new_invoices"] > 0 > causes["paid"]


_MONEY = st.lists(st.integers(0, 10**6), min_size=4, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_MONEY, _MONEY, st.integers(0, 10**6)), min_size=1, max_size=5))
def test_it_adds_up_whatever_was_said(drawn: list[tuple[list[int], list[int], int]]) -> None:
    """Any two forecasts: the first of week 1 … 3 and later, the second of week 2 … 4 and later; some money came."""
    items = [item(f"I{n}", "A", 5 * 10**6, 3) for n in range(len(drawn))]
    letters = [
        {"item_id": f"I{n}", "amount": paid, "allocated_on": on(3)} for n, (*_, paid) in enumerate(drawn) if paid
    ]
    then = [
        (f"I{n}", day, m) for n, (old, _, _) in enumerate(drawn) for day, m in zip((1, 8, 15, None), old, strict=True)
    ]
    today = [
        (f"I{n}", d, m) for n, (_, new, _) in enumerate(drawn) for d, m in zip((8, 15, 22, None), new, strict=True)
    ]
    before, now = (_expected([row for row in rows if row[2]]) for rows in (then, today))
    found = bridge(book_of(items, letters), AS_OF, before, _WEEK, now, 3)
    old, new, moved = (
        _sums(frame, name, on(8), on(15))
        for frame, name in ((before, "expected"), (now, "expected"), (found, "amount"))
    )
    for key in {*old, *new, *moved}:
        assert new.get(key, 0) - old.get(key, 0) == moved.get(key, 0)


def _causes(book: Book, spread: pl.DataFrame, later: pl.DataFrame | None = None) -> dict[str, int]:
    """By cause what a week changed in the weeks that both forecasts cover."""
    before = forecast(book, AS_OF, opened(book, AS_OF), spread).items
    now = forecast(book, _WEEK, opened(book, _WEEK), spread if later is None else later).items
    found = bridge(book, AS_OF, before, _WEEK, now)
    return dict(found.group_by("cause").agg(pl.col("amount").sum()).iter_rows())


_TWO: list[Row] = [(3, 1, 0.5), (10, 1, 0.5)]


def test_what_was_expected_and_did_not_come_has_slipped() -> None:
    """Half was expected this week; next week, still open, all of it: the distribution given that, no habit changed."""
    book = book_of([item("I", "A", 100_00, 3)])
    again = spread_of({"I": [(10, 1, 1.0)]})
    assert _causes(book, spread_of({"I": _TWO}), again) == {"slipped": 50_00}
    exact = Fraction(100_00, 2) * Fraction(1, 2) / (1 - Fraction(1, 2))
    assert exact == 50_00


def test_paid_new_and_credited_items_have_their_causes() -> None:
    items = [item(name, "A", 100_00, 9) for name in ("paid", "part", "gone")]
    items += [item("new", "A", 70_00, 33, issued_on=on(3)), item("note", "B", -30_00, 0, kind="credit_note")]
    items.append(item("lessened", "B", 90_00, 9))
    letters: list[dict[str, object]] = [
        {"item_id": "paid", "amount": 100_00, "allocated_on": on(2)},
        {"item_id": "part", "amount": 40_00, "allocated_on": on(2)},
        {"item_id": "gone", "amount": 100_00, "allocated_on": on(2), "kind": "write_off"},
    ]
    book = book_of(items, letters)
    known = book.items.with_columns(
        known_on=pl.when(pl.col("item_id") == "note").then(pl.lit(on(4))).otherwise(pl.col("known_on"))
    )
    names = ("paid", "part", "gone", "new", "lessened")
    spread = spread_of({name: [(12, 1, 1.0)] for name in names})
    assert _causes(book.replace(items=known), spread) == {
        "paid": -140_00, "cancelled": -100_00, "new_invoices": 70_00, "credits": -30_00,
    }  # fmt: skip


def test_an_item_that_goes_to_a_factor_leaves_as_factored() -> None:
    events = pl.DataFrame({"subject": "item", "subject_id": ["I"], "kind": ["factor:assigned"], "on": [on(3)]})
    book = book_of([item("I", "A", 100_00, 9)], events=events)
    assert _causes(book, spread_of({"I": [(12, 1, 1.0)]})) == {"factored": -100_00}


def test_a_dispute_or_a_promise_is_why_a_distribution_moved() -> None:
    disputes = pl.DataFrame(
        {"dispute_id": ["D"], "item_id": ["I"], "amount": [1], "reason": ["price"], "opened_on": [on(3)]}
    )
    promises = pl.DataFrame(
        {"promise_id": ["P"], "customer_id": ["A"], "item_id": ["J"], "made_on": [on(3)], "due_on": [on(20)],
         "kind": ["promise"]}
    )  # fmt: skip
    book = book_of([item("I", "A", 100_00, 9), item("J", "A", 60_00, 25)], disputes=disputes, promises=promises)
    then = spread_of({"I": [(12, 1, 1.0)], "J": [(250, 1, 1.0)]})
    later = spread_of({"I": [(212, 1, 1.0)], "J": [(20, 1, 1.0)]})
    assert _causes(book, then, later) == {"disputes": -100_00, "promises": 60_00}


def test_days_that_are_no_weeks_apart_are_refused() -> None:
    book = book_of([item("I", "A", 100_00, 9)])
    nothing = _expected([])
    with pytest.raises(CallError, match="whole weeks apart"):
        bridge(book, AS_OF, nothing, on(6), nothing)
    assert bridge(book, AS_OF, nothing, on(7), nothing).is_empty()
    assert len(set(CAUSES)) == 10
