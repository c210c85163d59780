"""The Book against the auditor: random ledgers, random past days, both readings, to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core import ledgers, oracle
from encours.core.base.book import Book
from encours.core.base.invariants import PARTS, MoneyError, assert_money, assert_projected, parts_by_item

EXAMPLES = 40  # each example replays a ledger through every table of the Book
Facts = dict[str, list[dict[str, Any]]]


def minor(amount: Any) -> int:
    """Cents of a Decimal."""
    return int(amount * 100)


@pytest.mark.parametrize("reading", ["known", "booked"])
@settings(max_examples=EXAMPLES)
@given(facts=ledgers.ledgers(), day=ledgers.days)
def test_the_book_is_what_the_auditor_finds(reading: str, facts: Facts, day: date) -> None:
    whole = ledgers.book_of(facts)
    book = whole.as_of(day) if reading == "known" else whole.as_booked(day)
    truth = oracle.replay(facts, day, reading)
    assert {r["item_id"]: r["open"] for r in book.open_items().to_dicts()} == {
        name: minor(amount) for name, amount in truth.open.items()
    }
    assert {r["receipt_id"]: r["unapplied"] for r in book.unapplied_receipts().to_dicts()} == {
        name: minor(amount) for name, amount in truth.unapplied.items()
    }
    assert {(r["customer_id"], r["currency"]): r["balance"] for r in book.balances().to_dicts()} == {
        key: minor(amount) for key, amount in truth.balance.items()
    }
    for row in parts_by_item(book).to_dicts():
        parts = truth.parts[row["item_id"]]
        assert {part: row[part] for part in PARTS} == {part: minor(parts[part]) for part in PARTS}
        assert sum(parts.values()) + truth.open[row["item_id"]] == truth.invoiced[row["item_id"]]
    assert_money(book)


@settings(max_examples=EXAMPLES)
@given(facts=ledgers.ledgers(), day=ledgers.days)
def test_nothing_leaks_from_the_future(facts: Facts, day: date) -> None:
    """What was known on a day is the same with and without everything that became known later."""
    past = {
        name: [
            {**row, "reversed_on": None} if row.get("reversed_on") and row["reversed_on"] > day else row
            for row in rows
            if (row["known_on"] or oracle.accounted(row, *oracle.DATED[name])) <= day
        ]
        for name, rows in facts.items()
    }
    assume(bool(past["receipts"]) == bool(facts["receipts"]))  # a book without receipts cannot date them
    then, now = ledgers.book_of(past).as_of(day), ledgers.book_of(facts).as_of(day)
    for name in ("items", "receipts"):
        assert then.table(name).equals(now.table(name))
    # An allocation whose item or receipt arrives later does not act yet: neither reading may count it.
    assert then.balances().sort("customer_id", "currency").equals(now.balances().sort("customer_id", "currency"))


def test_how_the_rows_of_a_past_day_lie_does_not_tell_that_another_is_voided_later() -> None:
    """Rows out of the order of their days, as the lines of a file are."""
    one = {"entity_id": "E", "account": "A", "amount": 1, "currency": "EUR", "kind": "transfer", "origin": "bank"}
    day, later = ledgers.START + timedelta(days=1), ledgers.START + timedelta(days=2)
    past = [
        {"receipt_id": "E:R0", "booked_on": day, "known_on": None, "voided": None, **one},
        {"receipt_id": "E:R1", "booked_on": ledgers.START, "known_on": None, "voided": None, **one},
    ]
    voided = {"receipt_id": "E:R2", "booked_on": later, "known_on": later, "voided": True, **one}
    for receipts in (past, [*past, voided]):
        book = ledgers.book_of({"items": [], "receipts": receipts, "allocations": []})
        for read in (book.as_of(day), book.as_booked(day), book.current()):
            assert read.receipts["receipt_id"].to_list() == ["E:R0", "E:R1"]


@settings(max_examples=EXAMPLES)
@given(facts=ledgers.ledgers())
def test_on_the_last_day_both_readings_are_the_present(facts: Facts) -> None:
    book = ledgers.book_of(facts)
    end = ledgers.START + timedelta(days=1000)
    for name in ("items", "receipts"):
        assert book.as_of(end).table(name).equals(book.current().table(name))
        assert book.as_booked(end).table(name).equals(book.current().table(name))


def test_an_invoice_posted_after_its_payment_leaves_the_money_unapplied_until_then() -> None:
    item = {"item_id": "E:I", "entity_id": "E", "customer_id": "E:C1", "number": "1", "kind": "invoice"}
    item |= {"issued_on": date(2026, 1, 20), "due_on": date(2026, 1, 20), "amount": 100, "currency": "EUR"}
    receipt = {"receipt_id": "E:R", "entity_id": "E", "account": "A", "booked_on": date(2026, 1, 10), "amount": 100}
    receipt |= {"currency": "EUR", "kind": "transfer", "origin": "bank", "customer_id": "E:C1"}
    match = {"allocation_id": "E:A", "receipt_id": "E:R", "item_id": "E:I", "amount": 100, "kind": "cash"}
    match |= {"allocated_on": date(2026, 1, 10), "source": "letter"}
    book = ledgers.book_of({"items": [item], "receipts": [receipt], "allocations": [match]})
    for read in (book.as_of, book.as_booked):
        assert read(date(2026, 1, 15)).balances()["balance"].to_list() == [-100]
        assert read(date(2026, 1, 20)).balances()["balance"].to_list() == [0]


def test_money_that_is_not_conserved_is_said() -> None:
    item = {"item_id": "E:I", "entity_id": "E", "customer_id": "E:C1", "number": "1", "kind": "invoice"}
    item |= {"issued_on": date(2026, 1, 20), "due_on": date(2026, 1, 20), "amount": 100, "currency": "EUR"}
    twice = ledgers.book_of({"items": [item, item], "receipts": [], "allocations": []})
    with pytest.raises(MoneyError, match="items: 2 rows share their id: E:I, E:I"):
        assert_money(twice)
    assert_money(twice.current())
    gift = {"allocation_id": "E:A", "item_id": "E:I", "amount": 100, "kind": "gift", "source": "x"}
    gift["allocated_on"] = date(2026, 1, 20)
    odd = ledgers.book_of({"items": [item], "receipts": [], "allocations": [gift]})
    with pytest.raises(MoneyError, match="kinds that no part counts: gift"):
        assert_money(odd)


def test_a_wrong_balance_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"items": [], "receipts": [], "allocations": []}
    book = ledgers.book_of(facts)
    loss = pl.DataFrame(
        {"item_id": ["E:I"], "amount": [100], "open": [99], "customer_id": ["E:C1"], "currency": ["EUR"]}
    )
    item = ledgers.frame("items", []).vstack(
        ledgers.frame(
            "items",
            [
                {
                    "item_id": "E:I",
                    "entity_id": "E",
                    "customer_id": "E:C1",
                    "number": "1",
                    "kind": "invoice",
                    "issued_on": date(2026, 1, 1),
                    "due_on": date(2026, 1, 1),
                    "amount": 100,
                    "currency": "EUR",
                }
            ],
        )
    )
    monkeypatch.setattr(Book, "open_items", lambda self: loss)
    with pytest.raises(MoneyError, match="parts and open are not the amount: E:I"):
        assert_money(book.replace(items=item))


@settings(max_examples=EXAMPLES)
@given(facts=ledgers.ledgers(), day=ledgers.days, share=st.integers(1, 3))
def test_projections_that_lose_a_cent_are_not_stored(facts: Facts, day: date, share: int) -> None:
    """Also where the letters of other items and receipts are among them, as in a merge."""
    book = ledgers.book_of(facts).as_booked(day)
    items, receipts = book.open_items()[::share], book.unapplied_receipts()[::share]
    assert_projected(items, receipts, book.allocations)
    if items.height:
        wrong = items.with_columns(open=pl.col("open") + (pl.int_range(pl.len()) == 0))
        with pytest.raises(MoneyError, match="items"):
            assert_projected(wrong, receipts, book.allocations)
    if receipts.height:
        wrong = receipts.with_columns(unapplied=pl.col("unapplied") + (pl.int_range(pl.len()) == 0))
        with pytest.raises(MoneyError, match="receipts"):
            assert_projected(items, wrong, book.allocations)


def test_a_lost_cent_is_found_though_other_rows_moved_just_as_much() -> None:
    """An item not among those stored took the cent that the stored one lost: the sums over all letters agree."""
    items = pl.DataFrame({"item_id": ["E:I"], "amount": [1], "open": [0]})
    receipts = pl.DataFrame(schema={"receipt_id": pl.String, "amount": pl.Int64, "unapplied": pl.Int64})
    letter = {"allocation_id": "E:A", "item_id": "E:J", "amount": 1, "kind": "cash", "receipt_id": "E:R"}
    letter |= {"source": "letter", "allocated_on": ledgers.START}
    letters = ledgers.book_of({"items": [], "receipts": [], "allocations": [letter]}).allocations
    with pytest.raises(MoneyError, match="items: 1 is settled, 0 moved"):
        assert_projected(items, receipts, letters)
