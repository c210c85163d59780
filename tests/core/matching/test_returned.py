"""What comes back opens again in the same run: for later money, never for earlier, and only as a proposal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.books import DAY, book, item, receipt
from encours.core.base.book import Book
from encours.core.matching import Proposals, propose

LATE = DAY + timedelta(days=90)


def paid(receipt_id: str, number: str, amount: int, day: int = 40, customer: str = "c1") -> dict[str, Any]:
    """Cash that the book knows."""
    return {
        "allocation_id": f"a-{receipt_id}-{number}", "receipt_id": receipt_id, "item_id": f"E:{customer}:{number}",
        "amount": amount, "kind": "cash", "source": "bank", "allocated_on": DAY + timedelta(days=day),
    }  # fmt: skip


def returned(amount: int, text: str, day: int = 50, receipt_id: str = "x", **more: Any) -> dict[str, Any]:
    return receipt(receipt_id, -amount, text, day, kind="return", **more)


def decided(of: Book, as_of: date = LATE) -> dict[str, dict[str, Any]]:
    return {row["receipt_id"]: row for row in propose(of, as_of).decisions.iter_rows(named=True)}


def lines(found: Proposals) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = {}
    for receipt_id, item_id, amount in found.allocations.select("receipt_id", "item_id", "amount").iter_rows():
        told.setdefault(receipt_id, {})[item_id.split(":")[-1]] = amount
    return told


def test_debit_return_and_later_transfer_wait_together() -> None:
    debit = receipt("d", 50000, "FA-20260001", kind="direct_debit", payer_name="c1")
    transfer = receipt("t", 50000, "FA-20260001", 55, payer_name="c1")
    of = book([item("FA-20260001", 50000)], [debit, returned(50000, "REJET AM04", returns_receipt_id="d"), transfer])
    found = propose(of, LATE)
    rows = {row["receipt_id"]: row for row in found.decisions.iter_rows(named=True)}
    assert {name: row["decision"] for name, row in rows.items()} == {"d": "auto", "x": "review", "t": "review"}
    assert lines(found) == {
        "d": {"FA-20260001": 50000}, "x": {"FA-20260001": -50000}, "t": {"FA-20260001": 50000},
    }  # fmt: skip
    assert "open again only with the returned payment x" in rows["t"]["reason"]
    assert "AM04: insufficient funds" in rows["x"]["reason"]
    assert "t" not in found.proven


def test_what_the_book_knows_is_open_again_for_the_later_transfer() -> None:
    transfer = receipt("t", 50000, "FA-20260001", 55, payer_name="c1")
    debit = receipt("d", 50000, "PRLV", kind="direct_debit", payer_name="c1")
    of = book(
        [item("FA-20260001", 50000), item("FA-20260002", 7000)],
        [debit, returned(50000, "REJET", returns_receipt_id="d"), transfer],
        allocations=[paid("d", "FA-20260001", 50000)],
    )
    rows, told = decided(of), lines(propose(of, LATE))
    assert rows["t"]["decision"] == "review"
    assert told == {"x": {"FA-20260001": -50000}, "t": {"FA-20260001": 50000}}


def test_a_return_of_the_same_day_counts() -> None:
    debit = receipt("d", 50000, "FA-20260001", 40, kind="direct_debit", payer_name="c1")
    transfer = receipt("t", 50000, "FA-20260001", 40, payer_name="c1")
    of = book([item("FA-20260001", 50000)], [debit, returned(50000, "REJET", 40, returns_receipt_id="d"), transfer])
    told = lines(propose(of, LATE))
    assert told["x"] == {"FA-20260001": -50000}
    assert sum(amounts["FA-20260001"] for amounts in told.values()) == 50000


def test_nothing_opens_before_its_day() -> None:
    debit = receipt("d", 50000, "FA-20260001", 40, kind="direct_debit", payer_name="c1")
    early = receipt("t", 50000, "FA-20260001", 45, payer_name="c1")
    back = returned(50000, "REJET", 50, returns_receipt_id="d")
    of = book([item("FA-20260001", 50000)], [debit, back, early])
    before = decided(of, DAY + timedelta(days=47))
    assert (before["t"]["decision"], before["t"]["rule"]) == ("none", "settled_already")
    after = decided(of)
    assert after["t"]["decision"] in ("review", "none")
    if after["t"]["decision"] == "review":
        assert "not all of it was known and open" in after["t"]["reason"]


def test_the_payment_that_came_back_is_no_first_payment() -> None:
    """Same payer, amount and text as the direct debit that bounced: that is no second payment."""
    debit = receipt("d", 50000, "FA-20260001", payer_account="FR76", kind="direct_debit")
    transfer = receipt("t", 50000, "FA-20260001", 55, payer_account="FR76")
    of = book([item("FA-20260001", 50000)], [debit, returned(50000, "REJET", returns_receipt_id="d"), transfer])
    assert "same amount and text" not in decided(of)["t"]["reason"]


# Which payment came back, where the bank does not say it.


def cheque(receipt_id: str, amount: int, text: str, day: int = 40, **more: Any) -> dict[str, Any]:
    return receipt(receipt_id, amount, text, day, kind="cheque", **more)


def test_a_cheque_is_known_by_its_number() -> None:
    of = book(
        [item("FA-20260001", 50000), item("FA-20260002", 50000)],
        [cheque("c", 50000, "CHQ 1234567 FA-20260001", payer_name="c1"),
         cheque("other", 50000, "CHQ 7654321 FA-20260002", payer_name="c1"),
         returned(50000, "CHEQUE IMPAYE 1234567 PROVISION INSUFFISANTE")],
    )  # fmt: skip
    row = decided(of)["x"]
    assert (row["decision"], row["rule"], row["confidence"]) == ("review", "returned_payment", 0.95)
    assert row["reason"] == (
        "takes back what receipt c had paid: 1 open again; the text names that payment;"
        " the bank's reason: insufficient funds"
    )
    assert lines(propose(of, LATE))["x"] == {"FA-20260001": -50000}


def test_a_cheque_is_known_by_payer_and_amount_the_latest_first() -> None:
    of = book(
        [item("FA-20260001", 50000), item("FA-20260002", 50000)],
        [cheque("first", 50000, "FA-20260001", 35, payer_name="c1"),
         cheque("second", 50000, "FA-20260002", 40, payer_name="c1"),
         returned(50000, "CHEQUE IMPAYE", payer_name="c1")],
    )  # fmt: skip
    row = decided(of)["x"]
    assert (row["confidence"], row["alternatives"]) == (0.75, 1)
    assert "receipt second" in row["reason"]
    assert "payments that fit alike: 2, the latest is taken" in row["reason"]


def test_the_amount_alone_takes_the_only_cheque() -> None:
    of = book([item("FA-20260001", 50000)], [cheque("c", 50000, "FA-20260001"), returned(50000, "CHEQUE IMPAYE")])
    assert (decided(of)["x"]["confidence"], decided(of)["x"]["decision"]) == (0.75, "review")
    two = book(
        [item("FA-20260001", 50000), item("FA-20260002", 50000, "c2")],
        [cheque("c", 50000, "FA-20260001"), cheque("d", 50000, "FA-20260002"), returned(50000, "CHEQUE IMPAYE")],
    )
    assert decided(two)["x"]["decision"] == "none"


def test_a_transfer_does_not_bounce() -> None:
    of = book([item("FA-20260001", 50000)], [receipt("t", 50000, "FA-20260001"), returned(50000, "CHEQUE IMPAYE")])
    assert decided(of)["x"]["decision"] == "none"


def test_the_fee_stays_on_the_return_and_is_said() -> None:
    of = book(
        [item("FA-20260001", 50000)],
        [cheque("c", 50000, "CHQ 1234567 FA-20260001", payer_name="c1"), returned(51500, "CHEQUE IMPAYE 1234567")],
    )
    row = decided(of)["x"]
    assert "15.0 beyond it: the bank's fee, which stays on the return" in row["reason"]
    assert lines(propose(of, LATE))["x"] == {"FA-20260001": -50000}


def test_a_line_of_its_own_for_the_fee_is_a_bank_charge() -> None:
    of = book([item("FA-20260001", 50000)], [returned(1500, "FRAIS CHEQUE IMPAYE")])
    assert (decided(of)["x"]["decision"], decided(of)["x"]["rule"]) == ("none", "return_fee")


def test_of_a_deposit_slip_the_one_cheque_comes_back() -> None:
    slip = cheque("slip", 80000, "REMISE CHEQUES 4711001")
    of = book(
        [item("FA-20260001", 50000), item("FA-20260002", 30000, "c2")],
        [slip, returned(30000, "CHEQUE IMPAYE REMISE 4711001")],
        allocations=[paid("slip", "FA-20260001", 50000), paid("slip", "FA-20260002", 30000, customer="c2")],
    )
    found = propose(of, LATE)
    assert lines(found) == {"x": {"FA-20260002": -30000}}
    assert found.decisions.filter(receipt_id="x")["customer_id"].item() == "c2"


def test_an_unpaid_instrument_says_which_cheque_of_the_slip() -> None:
    instruments = [
        {"instrument_id": f"chq{n}", "customer_id": f"c{n}", "kind": "cheque", "amount": 30000, "currency": "EUR",
         "due_on": DAY, "state": "unpaid" if n == 2 else "paid", "state_on": DAY, "batch_id": "4711001"}
        for n in (1, 2)
    ]  # fmt: skip
    covers = [{"instrument_id": f"chq{n}", "item_id": f"E:c{n}:FA-2026000{n}", "amount": 30000} for n in (1, 2)]
    of = book(
        [item("FA-20260001", 30000), item("FA-20260002", 30000, "c2")],
        [cheque("slip", 60000, "REMISE CHEQUES"), returned(30000, "CHEQUE IMPAYE")],
        allocations=[paid("slip", "FA-20260001", 30000), paid("slip", "FA-20260002", 30000, customer="c2")],
        instruments=instruments, instrument_items=covers,
    )  # fmt: skip
    assert lines(propose(of, LATE)) == {"x": {"FA-20260002": -30000}}


def test_two_equal_cheques_of_a_slip_are_for_a_person() -> None:
    of = book(
        [item("FA-20260001", 30000), item("FA-20260002", 30000, "c2")],
        [cheque("slip", 60000, "REMISE CHEQUES 4711001"), returned(30000, "CHEQUE IMPAYE REMISE 4711001")],
        allocations=[paid("slip", "FA-20260001", 30000), paid("slip", "FA-20260002", 30000, customer="c2")],
    )
    assert decided(of)["x"]["decision"] == "none"


def test_what_was_applied_to_nothing_cancels_itself() -> None:
    of = book([], [receipt("d", 50000, "?", kind="direct_debit"), returned(50000, "REJET", returns_receipt_id="d")])
    assert "the two cancel each other" in decided(of)["x"]["reason"]


def test_what_is_open_again_already_is_not_opened_twice() -> None:
    first = {**paid("d", "FA-20260001", 50000), "allocation_id": "back", "receipt_id": "r", "amount": -50000}
    of = book(
        [item("FA-20260001", 50000)],
        [receipt("d", 50000, "PRLV", kind="direct_debit"), returned(50000, "REJET", 45, "r", returns_receipt_id="d"),
         returned(50000, "REJET", 50, returns_receipt_id="d")],
        allocations=[paid("d", "FA-20260001", 50000), first],
    )  # fmt: skip
    assert decided(of)["x"]["decision"] == "none"


@st.composite
def ledgers(draw: st.DrawFn) -> Book:
    """Invoices, payments of them, returns of some, money that comes later: all of it waiting, or applied in part."""
    amounts = draw(st.lists(st.sampled_from([10000, 20000, 30000]), min_size=1, max_size=4))
    items = [item(f"FA-2026000{n}", amount) for n, amount in enumerate(amounts)]
    receipts, allocations = [], []
    for n, amount in enumerate(amounts):
        number = f"FA-2026000{n}"
        day = draw(st.integers(30, 45))
        kind = draw(st.sampled_from(["direct_debit", "cheque"]))
        receipts.append(receipt(f"p{n}", amount, f"{number} 77{n}0001", day, kind=kind, payer_name="c1"))
        if draw(st.booleans()):
            allocations.append(paid(f"p{n}", number, amount, day))
        if draw(st.booleans()):
            link = {"returns_receipt_id": f"p{n}"} if draw(st.booleans()) else {}
            fee = draw(st.sampled_from([0, 0, 1200])) if not link else 0
            text = draw(st.sampled_from([f"CHEQUE IMPAYE 77{n}0001", f"REJET {number}", "IMPAYE"]))
            receipts.append(returned(amount + fee, text, day + draw(st.integers(0, 9)), f"r{n}", **link))
        if draw(st.booleans()):
            later = receipt(f"t{n}", amount, number, day + draw(st.integers(-3, 15)), payer_name="c1")
            receipts.append(later)
    return book(items, receipts, allocations=allocations)


@settings(max_examples=25, deadline=None)
@given(ledgers())
def test_whatever_comes_back_no_item_is_paid_twice_or_opened_beyond_its_amount(of: Book) -> None:
    found = propose(of, LATE)
    left = dict(of.open_items().select("item_id", "open").iter_rows())
    worth = dict(of.items.select("item_id", "amount").iter_rows())
    order = {row["receipt_id"]: row["booked_on"] for row in of.receipts.iter_rows(named=True)}
    rows = sorted(found.allocations.iter_rows(named=True), key=lambda row: order[row["receipt_id"]])
    for row in rows:
        left[row["item_id"]] -= row["amount"]
    assert all(0 <= left[name] <= worth[name] for name in left)
    money = dict(of.unapplied_receipts().select("receipt_id", "unapplied").iter_rows())
    for receipt_id, used in found.allocations.group_by("receipt_id").agg(pl.col("amount").sum()).iter_rows():
        assert abs(used) <= abs(money[receipt_id])
        assert used * money[receipt_id] > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("REJET PRLV AM04 FA-1", "the bank's reason AM04: insufficient funds"),
        ("REJET MD06", "the bank's reason MD06: the debtor or his bank refused it"),
        ("CHQ IMPAYE COMPTE CLOS", "the bank's reason: the account is closed or blocked"),
        ("CHQ IMPAYE OPPOSITION", "the bank's reason: payment was stopped"),
        ("CHQ IMPAYE", None),
    ],
)
def test_the_reason_is_read(text: str, said: str | None) -> None:
    from encours.core.matching.return_reasons import reason_said

    assert reason_said(text) == said
