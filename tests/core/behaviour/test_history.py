"""Which closings are payments, by which day, and what was known of them when."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.history import AUTOMATIC, DECIDED, HISTORY_SCHEMA, INTERVAL, NONE, OPEN, history
from tests.core.behaviour.books import book_of, day

_ITEM = {"item_id": "I", "customer_id": "C", "issued_on": day(0), "due_on": day(30), "amount": 1_000}
_END = day(200)


def told(
    letters: list[dict[str, Any]], as_of: date = _END, item: dict[str, Any] | None = None, **tables: Any
) -> dict[str, Any]:
    """The history's row of one item."""
    rows = [{"item_id": "I", "amount": 1_000, **letter} for letter in letters]
    return history(book_of([{**_ITEM, **(item or {})}], rows, **tables), as_of).row(0, named=True)


def money(kind: str, booked: date, amount: int = 1_000) -> pl.DataFrame:
    """One receipt R."""
    row = {
        "receipt_id": "R", "entity_id": "E", "account": "B", "booked_on": booked, "amount": amount, "currency": "EUR",
        "kind": kind, "origin": "bank",
    }  # fmt: skip
    return pl.DataFrame([row])


def test_a_delay_is_measured_by_the_banks_day_and_the_posting_lag_stands_apart() -> None:
    found = told([{"receipt_id": "R", "allocated_on": day(50)}], receipts=money("transfer", day(37)))
    assert (found["ending"], found["delay_days"], found["lag_days"]) == (DECIDED, 7, 13)
    assert (found["paid_on"], found["told_on"], found["channel"]) == (day(37), day(50), "transfer")


def test_what_became_known_later_is_not_known_yet() -> None:
    letter = {"receipt_id": "R", "allocated_on": day(40), "known_on": day(50)}
    assert told([letter], day(49), receipts=money("transfer", day(37)))["ending"] == OPEN
    assert told([letter], day(50), receipts=money("transfer", day(37)))["ending"] == DECIDED


def test_drawn_money_is_no_delay_of_the_customer() -> None:
    found = told([{"receipt_id": "R", "allocated_on": day(30)}], receipts=money("direct_debit", day(30)))
    assert found["ending"] == AUTOMATIC


def test_credit_notes_netting_write_offs_and_letters_of_the_erp_are_no_payments() -> None:
    for kind in ("credit", "netting", "write_off", "ledger"):
        found = told([{"kind": kind, "allocated_on": day(45)}])
        assert (found["ending"], found["delay_days"], found["left_on"]) == (NONE, None, day(45)), kind


def test_between_two_snapshots_the_day_is_an_interval() -> None:
    found = told([{"kind": "ledger", "allocated_on": day(47), "earliest_on": day(41)}])
    assert (found["ending"], found["paid_on"], found["delay_days"]) == (INTERVAL, day(44), 14)


def test_a_discount_beside_a_payment_is_deducted_and_the_payment_counts() -> None:
    found = told(
        [{"amount": 980, "allocated_on": day(10)}, {"amount": 20, "kind": "discount", "allocated_on": day(10)}]
    )
    assert (found["ending"], found["delay_days"], found["deducted"], found["parts"]) == (DECIDED, -20, 20, 1)


def test_parts_are_counted_and_the_last_one_pays() -> None:
    letters = [{"amount": 400, "allocated_on": day(20)}, {"amount": 600, "allocated_on": day(33)}]
    assert (told(letters)["parts"], told(letters)["delay_days"]) == (2, 3)
    assert (told(letters[:1])["ending"], told(letters[:1])["open"]) == (OPEN, 600)


def test_an_item_says_that_it_is_drawn_or_its_payers_habit_does() -> None:
    assert told([], item={"payment_method": "LCR"})["drawn"]
    assert told([], item={"payment_method": "59"})["drawn"]
    assert not told([], item={"payment_method": "virement"})["drawn"]
    assert not told([])["drawn"]
    earlier = [{**_ITEM, "item_id": f"P{n}", "issued_on": day(n), "due_on": day(n + 5)} for n in range(4)]
    later = {**_ITEM, "issued_on": day(90), "due_on": day(120)}
    receipts = pl.concat([money("direct_debit", day(20)).with_columns(receipt_id=pl.lit(f"R{n}")) for n in range(4)])
    letters = [{"item_id": f"P{n}", "receipt_id": f"R{n}", "amount": 1_000, "allocated_on": day(21)} for n in range(4)]
    found = history(book_of([*earlier, later], letters, receipts=receipts), _END)
    assert dict(zip(found["item_id"], found["drawn"], strict=True)) == {
        "P0": False,
        "P1": False,
        "P2": False,
        "P3": False,
        "I": True,
    }


def test_a_habit_belongs_to_the_payer() -> None:
    names = pl.DataFrame(
        {"customer_id": ["C", "M"], "name": ["C", "M"], "kind": ["business"] * 2, "segment": [None, "retail"]}
    )
    links = pl.DataFrame({"customer_id": ["C"], "other_id": ["M"], "role": ["payer"]})
    found = told([], customers=names, customer_links=links)
    assert (found["customer_id"], found["payer_id"], found["segment"]) == ("C", "M", "retail")


def test_an_empty_book_has_a_history_without_rows() -> None:
    assert history(Book.of(), _END).schema == HISTORY_SCHEMA
