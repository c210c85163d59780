"""Checking a Book: each rule finds its fault in an otherwise sound book, and says nothing about the sound one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from core import ledgers
from encours.core.base.book import Book
from encours.core.base.check import rules
from encours.core.base.schema import TABLES

JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)

SOUND: dict[str, dict[str, Any]] = {
    "entities": {"entity_id": "E", "name": "Ours", "country": "FR", "currency": "EUR"},
    "customers": {"customer_id": "C", "entity_id": "E", "name": "Theirs", "kind": "business"},
    "customer_links": {"customer_id": "C", "other_id": "C2", "role": "payer", "from_on": JAN, "to_on": FEB},
    "contacts": {"contact_id": "K", "customer_id": "C", "role": "cfo", "opt_out": "sms"},
    "items": {
        "item_id": "I",
        "entity_id": "E",
        "customer_id": "C",
        "number": "1",
        "kind": "invoice",
        "issued_on": JAN,
        "due_on": FEB,
        "amount": 100,
        "currency": "EUR",
    },
    "receipts": {
        "receipt_id": "R",
        "entity_id": "E",
        "account": "A",
        "booked_on": FEB,
        "amount": 60,
        "currency": "EUR",
        "kind": "transfer",
        "origin": "bank",
        "customer_id": "C",
        "statement_id": "S",
    },
    "statements": {
        "statement_id": "S",
        "account": "A",
        "currency": "EUR",
        "from_on": JAN,
        "to_on": FEB,
        "opening": 1,
        "closing": 61,
        "entries": 1,
        "total": 60,
    },
    "allocations": {
        "allocation_id": "L",
        "receipt_id": "R",
        "item_id": "I",
        "amount": 60,
        "kind": "cash",
        "allocated_on": FEB,
        "source": "x",
    },
    "instruments": {
        "instrument_id": "D",
        "customer_id": "C",
        "kind": "lcr",
        "amount": 40,
        "currency": "EUR",
        "due_on": MAR,
        "state": "accepted",
        "state_on": FEB,
    },
    "instrument_items": {"instrument_id": "D", "item_id": "I", "amount": 40},
    "disputes": {"dispute_id": "P", "item_id": "I", "amount": 1, "reason": "x", "opened_on": FEB},
}
SECOND = {"customers": {**SOUND["customers"], "customer_id": "C2"}}
NOTE = {**SOUND["items"], "item_id": "N", "kind": "credit_note", "amount": -10}

Rows = dict[str, list[dict[str, Any]]]


def book_of(rows: Rows) -> Book:
    """The rows as a Book."""
    frames = {}
    for name, many in rows.items():
        schema = dict(TABLES[name].schema)
        frames[name] = pl.DataFrame([{c: row.get(c) for c in schema} for row in many], schema=schema)
    return Book.of(**frames)


def sound() -> Rows:
    """One row of each table, and the customer who pays."""
    rows = {name: [dict(row)] for name, row in SOUND.items()}
    rows["customers"].append(dict(SECOND["customers"]))
    return rows


def change(table: str, **values: Any) -> Callable[[Rows], None]:
    """The table's row with other values."""
    return lambda rows: rows[table][0].update(values)


def add(table: str, row: dict[str, Any], **values: Any) -> Callable[[Rows], None]:
    """One row more."""
    return lambda rows: rows[table].append({**row, **values})


# (rule, what is broken, the issue's code, table, key, severity)
FAULTS = [
    ("missing_values", change("items", currency=None), "missing_value", "items", "I", "error"),
    ("missing_values", change("customers", name=None), "missing_value", "customers", "C", "warning"),
    ("unknown_words", change("items", kind="bill"), "unknown_word", "items", "I", "error"),
    ("unknown_currencies", change("instruments", currency="FRF"), "unknown_currency", "instruments", "D", "error"),
    ("duplicates", add("disputes", SOUND["disputes"]), "duplicate_key", "disputes", "P", "error"),
    (
        "unreadable_opt_outs",
        change("contacts", opt_out="voir M. Durand"),
        "opt_out_unreadable",
        "contacts",
        "K",
        "warning",
    ),
    ("orphans", change("disputes", item_id="I9"), "orphan", "disputes", "P", "error"),
    ("over_allocated_items", change("items", amount=59), "over_allocated", "items", "I", "error"),
    ("over_applied_receipts", change("receipts", amount=59), "over_applied", "receipts", "R", "error"),
    (
        "allocations_against_their_item",
        add("allocations", SOUND["allocations"], allocation_id="M", amount=-5),
        "wrong_sign",
        "allocations",
        "M",
        "error",
    ),
    (
        "credits_without_their_note",
        add("allocations", SOUND["allocations"], allocation_id="M", amount=5, receipt_id=None, kind="credit"),
        "credit_unnamed",
        "allocations",
        "M",
        "error",
    ),
    ("currencies_that_differ", change("receipts", currency="USD"), "currency_differs", "allocations", "L", "error"),
    ("unbalanced_statements", change("statements", closing=60), "statement_unbalanced", "statements", "S", "warning"),
    (
        "unbalanced_netting",
        add(
            "allocations",
            SOUND["allocations"],
            allocation_id="M",
            amount=5,
            receipt_id=None,
            kind="netting",
            source="n",
        ),
        "netting_one_sided",
        "allocations",
        "n",
        "info",
    ),
    (
        "instruments_that_differ",
        change("instrument_items", amount=39),
        "instrument_differs",
        "instruments",
        "D",
        "warning",
    ),
    (
        "payer_cycles",
        add("customer_links", {"customer_id": "C2", "other_id": "C", "role": "payer"}),
        "payer_cycle",
        "customer_links",
        "C",
        "error",
    ),
    ("dates_out_of_order", change("items", due_on=date(2025, 12, 31)), "dates_out_of_order", "items", "I", "warning"),
    ("dates_out_of_order", change("disputes", closed_on=JAN), "dates_out_of_order", "disputes", "P", "error"),
    (
        "impossible_dates",
        change("instruments", due_on=date(2920, 1, 1)),
        "impossible_date",
        "instruments",
        "D",
        "error",
    ),
    (
        "returns_of_nothing",
        add("receipts", SOUND["receipts"], receipt_id="R2", amount=-61, returns_receipt_id="R"),
        "impossible_return",
        "receipts",
        "R2",
        "error",
    ),
]


def test_the_sound_book_is_sound() -> None:
    found = book_of(sound()).check()
    assert found.height == 0, found.to_dicts()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]}-{fault[2]}-{fault[3]}")
def test_each_rule_finds_its_fault(fault: tuple[str, Callable[[Rows], None], str, str, str, str]) -> None:
    name, broken, *expected = fault
    rows = sound()
    broken(rows)
    book = book_of(rows)
    issues = [row for row in book.check().to_dicts() if row["code"] == expected[0]]
    assert [[row["code"], row["table"], row["key"], row["severity"]] for row in issues] == [expected]
    assert issues[0]["message"]
    assert issues[0]["action"]
    (rule,) = [rule for rule in rules() if rule.__name__ == name]
    assert rule(book, book.current()).height >= 1
    assert rule.__doc__


def test_every_rule_is_tested() -> None:
    assert {fault[0] for fault in FAULTS} == {rule.__name__ for rule in rules()}


def test_a_credit_note_set_against_an_invoice_is_sound() -> None:
    rows = sound()
    rows["items"].append(dict(NOTE))
    credit = {**SOUND["allocations"], "allocation_id": "K", "receipt_id": None, "credit_item_id": "N", "amount": 10}
    rows["allocations"].append({**credit, "kind": "credit"})
    book = book_of(rows)
    assert book.check().height == 0
    assert dict(book.open_items().select("item_id", "open").iter_rows()) == {"I": 30, "N": 0}


@settings(max_examples=25)
@given(facts=ledgers.ledgers())
def test_no_data_makes_it_raise(facts: dict[str, list[dict[str, object]]]) -> None:
    assert ledgers.book_of(facts).check().columns[:3] == ["file", "line", "code"]


def test_an_empty_book_is_sound() -> None:
    assert Book.of().check().height == 0
