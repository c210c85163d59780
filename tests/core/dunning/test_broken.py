"""Promises that the planner takes for broken: by the same judge as on screen, fed from the Book."""

from __future__ import annotations

from typing import Any

from tests.core.dunning.held import DAY, book, customer, days, item, receipt, seen

#: Due on Tuesday 10 March: with two working days of grace its last day is Thursday 12.
_PROMISE = {
    "promise_id": "p", "customer_id": "C", "item_id": "a", "amount": 100_000, "made_on": days(20), "due_on": days(8),
    "kind": "promise",
}  # fmt: skip


def broken(promises: list[dict[str, Any]], amount: int = 100_000, **tables: list[dict[str, Any]]) -> list[str]:
    items = [item("a", amount), item("b")]
    return seen(book(items, promises=promises, **tables)).broken["promise_id"].to_list()


def letter(amount: int, **more: Any) -> dict[str, Any]:
    return {
        "allocation_id": f"l{amount}", "item_id": "a", "amount": amount, "kind": "cash", "allocated_on": days(8),
        "source": "erp", **more,
    }  # fmt: skip


def test_a_promise_is_broken_once_its_working_days_of_grace_are_over() -> None:
    assert broken([_PROMISE]) == ["p"]
    assert broken([_PROMISE | {"due_on": days(3)}]) == ["p"], "Friday's money is there on Tuesday"
    assert broken([_PROMISE | {"due_on": days(2)}]) == []
    assert broken([_PROMISE | {"due_on": days(3), "kind": "payment_announced"}]) == [], "one working day more"
    found = seen(book([item("a")], promises=[_PROMISE])).broken
    assert found["broken_on"].to_list() == [days(5)], "the day after its last"


def test_a_banks_fee_and_money_by_any_letter_keep_it() -> None:
    assert broken([_PROMISE], allocations=[letter(99_500)]) == []
    assert broken([_PROMISE], allocations=[letter(99_400)]) == ["p"], "a part is not kept"
    assert broken([_PROMISE], allocations=[letter(99_500, kind="ledger")]) == []
    assert broken([_PROMISE], allocations=[letter(99_500, allocated_on=days(2))]) == ["p"], "late is not kept"
    assert broken([_PROMISE], amount=150_000, allocations=[letter(100_000)]) == [], "a part was promised and came"


def test_money_on_the_account_keeps_it() -> None:
    loose = receipt("r", 100_000, customer_id="C", booked_on=days(7))
    bank = receipt("x", 1)
    assert broken([_PROMISE], receipts=[loose, bank]) == []
    assert broken([_PROMISE], receipts=[loose | {"booked_on": days(2)}, bank]) == ["p"]
    payer = [{"customer_id": "C", "other_id": "D", "role": "payer"}]
    people = [customer("C"), customer("D")]
    head = [loose | {"customer_id": "D"}, bank]
    assert broken([_PROMISE], receipts=head, customers=people, customer_links=payer) == []
    assert broken([_PROMISE], receipts=head, customers=people) == ["p"]


def test_nobody_says_broken_before_the_bank_covers_the_last_day() -> None:
    assert broken([_PROMISE], receipts=[receipt("x", 1, booked_on=days(7))]) == []
    assert broken([_PROMISE], receipts=[receipt("x", 1, booked_on=days(6))]) == ["p"]
    told = {"account": "512", "statement_id": "s", "from_on": days(7), "to_on": days(6), "currency": "EUR"}
    other = receipt("y", 1, account="513", booked_on=DAY)
    assert broken([_PROMISE], receipts=[receipt("x", 1, booked_on=days(7)), other]) == [], "of every account"
    assert broken([_PROMISE], receipts=[receipt("x", 1, booked_on=days(7)), other], statements=[told]) == ["p"]


def test_a_new_word_replaces_one_that_was_not_due_and_instalments_stand() -> None:
    later = _PROMISE | {"promise_id": "q", "made_on": days(9), "due_on": days(1)}
    assert broken([_PROMISE, later]) == []
    assert broken([_PROMISE, later | {"made_on": days(4)}]) == ["p"], "it was broken when the next one was made"
    parts = [_PROMISE | {"promise_id": name, "amount": 50_000, "due_on": days(n), "kind": "instalment"}
             for name, n in (("1", 12), ("2", 8))]  # fmt: skip
    assert broken(parts, allocations=[letter(50_000, allocated_on=days(12))]) == ["2"]
    assert broken(parts, allocations=[letter(50_000, allocated_on=days(7))]) == ["1"]


def test_one_of_no_item_calls_for_what_was_late_by_its_day() -> None:
    wide = _PROMISE | {"item_id": None}
    items = [item("a", due_on=days(10)), item("b", due_on=days(5)), item("x", due_on=days(10), customer_id="X")]
    assert seen(book(items, promises=[wide])).broken["item_id"].to_list() == ["a"]
    assert seen(book(items, promises=[wide], allocations=[letter(100_000, item_id="b")])).broken.is_empty()
    assert seen(book(items, promises=[wide | {"due_on": days(70)}])).broken.is_empty(), "too old to start anything"
