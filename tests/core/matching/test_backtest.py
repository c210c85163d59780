"""The past replayed: nothing leaks from later days, and the letters that came since are the judge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.matching.books import DAY, book, item, receipt
from encours.core.base.issue import CallError
from encours.core.matching.backtest import REPLAYED_SCHEMA, backtest
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

_FIRST, _LAST = DAY, DAY + timedelta(days=120)


def _letter(receipt_id: str, number: str, amount: int, day: int, **more: Any) -> dict[str, Any]:
    base = {"allocation_id": f"{receipt_id}:{number}", "receipt_id": receipt_id, "item_id": f"E:c1:{number}"}
    rest = {"amount": amount, "kind": "cash", "source": "fec", "allocated_on": DAY + timedelta(days=day)}
    return {**base, **rest, **more}


def _verdicts(of: Any) -> dict[str, tuple[str, str]]:
    rows = backtest(of, _FIRST, _LAST).decisions.select("receipt_id", "decision", "verdict").iter_rows()
    return {one: (decision, verdict) for one, decision, verdict in rows}


def test_each_verdict() -> None:
    items = [item(f"FA-000{n}", 1_000 * n + 37) for n in range(1, 7)]
    receipts = [
        receipt("right", 1_037, "FA-0001"),
        receipt("wrong", 2_037, "FA-0002"),
        receipt("open", 3_037, "FA-0003"),
        receipt("blind", 9_999, "VIR"),
        receipt("nobody", 8_888, "VIR"),
    ]
    letters = [
        _letter("right", "FA-0001", 1_037, 42),
        _letter("wrong", "FA-0006", 2_037, 42),
        _letter("blind", "FA-0005", 5_037, 42),
    ]
    assert _verdicts(book(items, receipts, allocations=letters)) == {
        "right": ("auto", "agrees"),
        "wrong": ("auto", "differs"),
        "open": ("auto", "not_lettered"),
        "blind": ("none", "not_proposed"),
        "nobody": ("none", "neither"),
    }


def test_a_letter_made_by_then_has_closed_its_item_and_one_made_later_has_not() -> None:
    items = [item("FA-0001", 5_000)]
    receipts = [receipt("first", 5_000, "VIR", 40), receipt("second", 5_000, "FA-0001", 50)]
    early = _letter("first", "FA-0001", 5_000, 41)
    assert _verdicts(book(items, receipts, allocations=[early]))["second"] == ("none", "neither")
    late = _letter("first", "FA-0001", 5_000, 60)
    assert _verdicts(book(items, receipts, allocations=[late]))["second"] == ("auto", "not_lettered")


def test_an_invoice_that_came_later_is_not_seen() -> None:
    late = item("FA-0001", 5_000, issued_on=DAY + timedelta(days=60), due_on=DAY + timedelta(days=90))
    of = book([late], [receipt("r", 5_000, "FA-0001", 40)], allocations=[_letter("r", "FA-0001", 5_000, 70)])
    assert _verdicts(of) == {"r": ("none", "not_proposed")}


def test_the_customer_that_the_letter_gave_a_bank_line_is_hidden() -> None:
    items = [item("FA-0001", 5_000), item("FA-0002", 5_000, "c2")]
    letter = _letter("r", "FA-0001", 5_000, 41)
    bank = book(items, [receipt("r", 5_000, "VIR", customer_id="c1")], allocations=[letter])
    assert _verdicts(bank) == {"r": ("none", "not_proposed")}
    ledger = book(items, [receipt("r", 5_000, "VIR", customer_id="c1", origin="ledger")], allocations=[letter])
    assert _verdicts(ledger) == {"r": ("review", "agrees")}


def test_a_letter_of_several_payments_does_not_say_which_paid_what() -> None:
    items = [item("FA-0001", 5_000), item("FA-0002", 7_000)]
    receipts = [receipt("a", 5_000, "FA-0001"), receipt("b", 7_000, "FA-0002", 41)]
    crossed = [
        _letter("a", "FA-0002", 5_000, 45),
        _letter("b", "FA-0001", 5_000, 45),
        {**_letter("b", "FA-0002", 2_000, 45), "allocation_id": "rest"},
    ]
    assert _verdicts(book(items, receipts, allocations=crossed)) == {
        "a": ("auto", "same_letter"),
        "b": ("auto", "same_letter"),
    }


def test_a_discount_is_part_of_what_is_taken_off() -> None:
    offered = item("FA-0001", 10_000, discount_amount=200, discount_on=DAY + timedelta(days=60))
    letters = [
        _letter("r", "FA-0001", 9_800, 42),
        {**_letter("r", "FA-0001", 200, 42), "allocation_id": "d", "kind": "discount"},
    ]
    of = book([offered], [receipt("r", 9_800, "FA-0001")], allocations=letters)
    assert _verdicts(of) == {"r": ("review", "agrees")}


def test_an_empty_window_gives_empty_tables() -> None:
    of = book([item("FA-0001", 5_000)], [receipt("r", 5_000, "FA-0001")])
    found = backtest(of, DAY, DAY + timedelta(days=1))
    assert found.decisions.schema == REPLAYED_SCHEMA
    assert found.figures.is_empty()
    assert found.disagreements.is_empty()


def test_a_window_that_is_turned_round_is_refused() -> None:
    with pytest.raises(CallError, match="ends before"):
        backtest(book([item("FA-0001", 5_000)], []), _LAST, _FIRST)


def test_the_sample_company_posts_nothing_otherwise_than_its_letters() -> None:
    sample = sample_company(SampleOptions(date(2026, 10, 31), customers=60, months=8))
    days: list[date] = []
    found = backtest(sample.book, date(2026, 9, 1), date(2026, 9, 30), watch=days.append)
    assert days == sorted(set(found.decisions["day"]))
    whole = found.figures.filter(group="all").row(0, named=True)
    assert whole["automatic_compared"] > 20
    assert whole["automatic_differ"] == 0
    assert whole["agreement"] > 0.97
    assert whole["receipts"] == found.figures.filter(group="stratum")["receipts"].sum()
    assert whole["receipts"] == found.figures.filter(group="month")["receipts"].sum()
