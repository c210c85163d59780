"""Returned payments reopen what they had paid; credit notes of a bare ledger are lettered without money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import propose

LATE = DAY + timedelta(days=90)
_PAID = {"allocation_id": "a", "receipt_id": "d", "item_id": "E:c1:FA-0001", "amount": 50000, "kind": "cash",
         "source": "bank", "allocated_on": DAY + timedelta(days=40)}  # fmt: skip


def _bounced(**more: Any) -> dict[str, Any]:
    return receipt("x", -50000, "REJET PRLV", 50, kind="return", **more)


def test_a_return_takes_back_what_the_book_knows() -> None:
    debit = receipt("d", 50000, "FA-0001", kind="direct_debit")
    of = book([item("FA-0001", 50000)], [debit, _bounced(returns_receipt_id="d")], allocations=[_PAID])
    found = propose(of, LATE)
    decision = found.decisions.row(0, named=True)
    assert (decision["receipt_id"], decision["decision"], decision["rule"]) == ("x", "review", "returned_payment")
    assert found.allocations.select("receipt_id", "item_id", "amount").rows() == [("x", "E:c1:FA-0001", -50000)]


def test_a_return_takes_back_what_this_run_proposes() -> None:
    debit = receipt("d", 50000, "FA-0001", kind="direct_debit")
    of = book([item("FA-0001", 50000)], [debit, _bounced(returns_receipt_id="d")])
    found = propose(of, LATE)
    assert dict(found.decisions.select("receipt_id", "decision").iter_rows()) == {"d": "auto", "x": "review"}
    assert found.allocations["amount"].sum() == 0


def test_part_of_a_payment_applied_is_for_a_person() -> None:
    debit = receipt("d", 50000, "FA-0001", kind="direct_debit")
    part = {**_PAID, "amount": 20000}
    of = book([item("FA-0001", 20000)], [debit, _bounced(returns_receipt_id="d")], allocations=[part])
    decided = {row["receipt_id"]: row for row in propose(of, LATE).decisions.iter_rows(named=True)}
    assert decided["x"]["decision"] == "review"


def test_a_bare_ledger_letters_a_credit_note_with_the_invoice_it_cancels() -> None:
    paid = receipt("r", 30000, None, origin="ledger", customer_id="c1")
    of = book([item("FA-1", 7406), item("FA-2", 30000), item("AV-3", -7406)], [paid])
    rows = propose(of, LATE).allocations.filter(kind="credit")
    assert rows.select("item_id", "credit_item_id", "amount").rows() == [("E:c1:FA-1", "E:c1:AV-3", 7406)]


def test_two_invoices_of_the_amount_are_no_proof_for_a_credit_note() -> None:
    paid = receipt("r", 30000, None, origin="ledger", customer_id="c1")
    of = book([item("FA-1", 7406), item("FA-2", 7406), item("AV-3", -7406), item("FA-4", 30000)], [paid])
    assert propose(of, LATE).allocations.filter(kind="credit").is_empty()
