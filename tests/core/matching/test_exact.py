"""Proof by number and amount: what posts by itself, and everything that leaves it to a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.books import DAY, book, item, receipt
from core.matching.oracle import Answer, answers, is_proven
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.matching import propose

LATE = DAY + timedelta(days=90)


def _decided(of: Book, **options: Any) -> dict[str, dict[str, Any]]:
    proposals = propose(of, LATE, **options)
    assert proposals.decisions["receipt_id"].is_unique().all()
    return {row["receipt_id"]: row for row in proposals.decisions.iter_rows(named=True)}


def _lines(of: Book) -> set[tuple[str, str, int]]:
    return set(propose(of, LATE).allocations.select("receipt_id", "item_id", "amount").iter_rows())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("INV-1200", "INV\u20111200"),
        ("INV-1200", "virement inv1200 merci"),
        ("INV-1200", "INV 1200"),
        ("INV-1200", "FACTURE:INV/1200."),
        ("INV 12 00", "INV-1200"),
        ("2026/0042", "reglement 20260042"),
        ("F-2026-03/000 12", "F20260300012"),
        ("F20260300012", "F 2026 03 000 12"),
        ("1045", "votre facture 1045"),
        ("\uff11\uff10\uff14\uff15X", "1045x"),
    ],
)
def test_a_number_is_found_however_it_is_parted(number: str, text: str) -> None:
    decided = _decided(book([item(number, 15005)], [receipt("r", 15005, text)]))
    assert decided["r"]["decision"] == "auto"
    assert decided["r"]["customer_id"] == "c1"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("INV-12", "INV-123"),
        ("INV-123", "INV-12 3456"),
        ("4545", "104545"),
        ("1045", "10451"),
        ("FACTURE", "FACTURE"),
    ],
)
def test_part_of_a_word_is_no_number(number: str, text: str) -> None:
    decided = _decided(book([item(number, 15005)], [receipt("r", 15005, text)]))
    assert decided["r"]["decision"] == "none"
    assert decided["r"]["rule"] == "no_reference"


@pytest.mark.parametrize(
    ("number", "text"), [("A1045", "BA1045"), ("FA-2026-48001", "facture 48001"), ("FA-2026-48001", "2026 48001")]
)
def test_digits_alone_are_shown_to_a_person_who_the_payer_is_not_known(number: str, text: str) -> None:
    decided = _decided(book([item(number, 15005)], [receipt("r", 15005, text)]))["r"]
    assert decided["decision"] == ("auto" if text == "2026 48001" else "review")
    assert decided["rule"] == "quoted_exact"


def test_one_receipt_quotes_several_and_a_credit_note() -> None:
    of = book(
        [item("FA-0001", 50000), item("FA-0002", 25050), item("AV-0003", -5000)],
        [receipt("r", 70050, "FA0001, FA 0002 moins AV-0003")],
    )
    assert _decided(of)["r"]["decision"] == "auto"
    assert _lines(of) == {("r", "E:c1:FA-0001", 50000), ("r", "E:c1:FA-0002", 25050), ("r", "E:c1:AV-0003", -5000)}


def test_a_refund_settles_the_credit_note_it_quotes() -> None:
    of = book([item("AV-0003", -84490)], [receipt("r", -84490, "remboursement AV0003", kind="out")])
    assert _decided(of)["r"]["decision"] == "auto"
    assert _lines(of) == {("r", "E:c1:AV-0003", -84490)}


def test_a_returned_payment_settles_nothing() -> None:
    of = book([item("AV-0003", -84490)], [receipt("r", -84490, "IMPAYE AV0003", kind="return")])
    assert _decided(of)["r"]["rule"] == "returned_payment"


def _doubtful() -> list[Any]:
    fa = item("FA-0001", 50000)
    twin = item("FA 0001", 50000, "c2")
    paid = item("FA-0009", 7000)
    settled = {"allocation_id": "a", "item_id": "E:c1:FA-0009", "amount": 7000, "kind": "cash", "source": "bank",
               "allocated_on": DAY + timedelta(days=20)}  # fmt: skip
    later = item("FA-0001", 50000, issued_on=DAY + timedelta(days=60))
    return [
        pytest.param([fa, {**twin, "amount": 1}], "FA-0001 ", {}, 50001, "bear", id="namesakes"),
        pytest.param([item("F12", 50000)], "F12", {}, 50000, "short", id="weak"),
        pytest.param([item("2024", 50000)], "loyer 2024", {}, 50000, "short", id="year"),
        pytest.param([item("1045", 104500)], "montant 1045,00", {}, 104500, "amount itself", id="amount"),
        pytest.param([fa, item("FA-0002", 1, "c2")], "FA0001 FA0002", {}, 50001, "pay for each other", id="payers"),
        pytest.param([fa], "FA0001", {"customer_id": "c9"}, 50000, "another customer", id="other customer"),
        pytest.param([fa, paid], "FA0001 FA0009", {"_settled": settled}, 50000, "settled", id="second payment"),
        pytest.param([later], "FA0001", {}, 50000, "known", id="not known then"),
    ]


@pytest.mark.parametrize(("items", "text", "more", "amount", "word"), _doubtful())
def test_a_doubt_leaves_it_to_a_person(items: Any, text: str, more: dict[str, Any], amount: int, word: str) -> None:
    tables = {"allocations": [more.pop("_settled")]} if "_settled" in more else {}
    decided = _decided(book(items, [receipt("r", amount, text, **more)], **tables))["r"]
    assert decided["decision"] == "review"
    assert word in decided["reason"]


def test_another_currency_is_a_hard_stop() -> None:
    of = book([item("FA-0001", 50000, currency="USD")], [receipt("r", 50000, "FA-0001")])
    assert _decided(of)["r"]["rule"] == "other_currency"


def test_what_another_entity_is_owed_is_for_a_person_to_see() -> None:
    of = book([item("FA-0001", 50000, entity_id="F")], [receipt("r", 50000, "FA-0001")])
    decided = _decided(of)["r"]
    assert (decided["rule"], decided["decision"]) == ("other_entity", "review")


def test_the_first_of_two_receipts_has_the_item() -> None:
    of = book([item("FA-0001", 50000)], [receipt("b", 50000, "FA-0001", 41), receipt("a", 50000, "FA-0001", 42)])
    decided = _decided(of)
    assert [decided["b"]["decision"], decided["a"]["decision"]] == ["auto", "none"]
    assert "receipt b" in decided["a"]["reason"]
    assert _lines(of) == {("b", "E:c1:FA-0001", 50000)}


def test_of_two_receipts_of_one_day_none_posts() -> None:
    of = book([item("FA-0001", 50000)], [receipt("b", 50000, "FA-0001"), receipt("a", 50000, "FA-0001")])
    decided = _decided(of)
    assert [decided["a"]["decision"], decided["b"]["decision"]] == ["review", "none"]
    assert "receipt b wants" in decided["a"]["reason"]
    assert "receipt a took" in decided["b"]["reason"]
    assert len(_lines(of)) == 1


def test_what_was_settled_since_is_not_proposed_again() -> None:
    settled = {"allocation_id": "a", "item_id": "E:c1:FA-0001", "amount": 50000, "kind": "cash", "source": "bank",
               "allocated_on": DAY + timedelta(days=50)}  # fmt: skip
    of = book([item("FA-0001", 50000)], [receipt("r", 50000, "FA-0001")], allocations=[settled])
    assert (_decided(of)["r"]["decision"], _decided(of)["r"]["rule"]) == ("none", "settled_already")


def test_what_happened_later_is_no_doubt_about_a_past_day() -> None:
    paid = {"allocation_id": "a", "receipt_id": "r1", "item_id": "E:c1:FA-0001", "amount": 50000, "kind": "cash"}
    later = {**paid, "source": "fec", "allocated_on": DAY + timedelta(days=60)}
    of = book([item("FA-0001", 50000)], [receipt("r1", 50000, "FA-0001")], allocations=[later])
    assert propose(of, DAY + timedelta(days=41)).decisions["decision"].item() == "auto"


def test_money_that_went_out_is_not_from_a_customer() -> None:
    of = book([item("FA-0001", 50000)], [receipt("r", -50000, "LOYER", kind="out")])
    assert _decided(of)["r"]["rule"] == "money_out"


def test_an_amount_that_only_fits_today_is_review() -> None:
    part = {"allocation_id": "a", "item_id": "E:c1:FA-0001", "amount": 10000, "kind": "cash", "source": "bank",
            "allocated_on": DAY + timedelta(days=50)}  # fmt: skip
    of = book([item("FA-0001", 50000)], [receipt("r", 40000, "FA-0001")], allocations=[part])
    assert _decided(of)["r"]["decision"] == "review"


def test_customers_that_pay_for_each_other_are_one_payer() -> None:
    links = [{"customer_id": "c2", "other_id": "c1", "role": "payer"}]
    of = book(
        [item("FA-0001", 100), item("FA-0002", 200, "c2")], [receipt("r", 300, "FA0001 FA0002")], customer_links=links
    )
    assert _decided(of)["r"]["decision"] == "auto"


def test_one_of_several_quoted_is_shown_never_posted() -> None:
    of = book([item("FA-0001", 100), item("FA-0002", 200)], [receipt("r", 200, "FA0001 FA0002")])
    decided = _decided(of)["r"]
    assert (decided["decision"], decided["rule"]) == ("review", "quoted_some")


def test_no_budget_no_posting() -> None:
    of = book([item("FA-0001", 100)], [receipt("r", 100, "FA0001")])
    assert _decided(of, max_error_rate=0.0)["r"]["decision"] == "review"
    with pytest.raises(CallError, match="between 0 and 1"):
        propose(of, LATE, 1.5)


def test_ledger_receipts_are_lettered_by_the_same_rule() -> None:
    of = book(
        [item("FA-0001", 100)],
        [receipt("r", 100, "Règlement FA-0001", origin="ledger", customer_id="c1", ledger_account="512000")],
    )
    assert _decided(of)["r"]["decision"] == "auto"


def test_an_empty_book_gives_empty_tables_with_their_columns() -> None:
    proposals = propose(Book.of(), LATE)
    assert proposals.allocations.is_empty()
    assert proposals.decisions.columns == [
        "receipt_id", "decision", "customer_id", "confidence", "rule", "alternatives", "reason",
    ]  # fmt: skip
    assert proposals.summary["receipts"] == 0


_NUMBERS = ["INV-12", "INV-123", "INV123", "1045", "45", "10", "2024-0012", "2024", "12", "FA 7001", "FA-7002", "AV-9"]
_WORDS = st.sampled_from([*_NUMBERS, "inv 12", "INV12", "3", "FACTURE", "20240012", "du 12", "7001", "fa7001", "x1045"])


@st.composite
def _books(draw: st.DrawFn) -> Book:
    count = draw(st.integers(1, 7))
    items = []
    for place in range(count):
        amount = draw(st.sampled_from([100, 200, 300, 104500, -100]))
        customer = draw(st.sampled_from(["c1", "c1", "c2"]))
        number = draw(st.sampled_from(_NUMBERS))
        day = DAY + timedelta(days=draw(st.sampled_from([0, 0, 60])))
        currency = draw(st.sampled_from(["EUR", "EUR", "USD"]))
        items.append(item(number, amount, customer, item_id=f"i{place}", issued_on=day, currency=currency))
    receipts = []
    for place in range(draw(st.integers(1, 6))):
        text = " ".join(draw(st.lists(_WORDS, max_size=4)))
        amount = draw(st.sampled_from([100, 200, 300, 400, 500, 104500, -100]))
        customer = draw(st.sampled_from([None, None, "c1"]))
        receipts.append(receipt(f"r{place}", amount, text, draw(st.integers(30, 32)), customer_id=customer))
    settled = [
        {"allocation_id": f"a{place}", "item_id": f"i{place}", "amount": items[place]["amount"], "kind": "cash",
         "source": "bank", "allocated_on": DAY + timedelta(days=70)}
        for place in range(count)
        if draw(st.integers(0, 5)) == 0
    ]  # fmt: skip
    return book(items, receipts, allocations=settled)


@settings(max_examples=60, deadline=None)
@given(_books())
def test_the_slow_oracle_agrees(of: Book) -> None:
    """What posts is what the oracle proves; what it proves beyond doubt and alone posts."""
    proposals = propose(of, LATE)
    truth = answers(of, LATE)
    for row in proposals.decisions.iter_rows(named=True):
        answer = truth.get(row["receipt_id"])
        lines = set(proposals.allocations.filter(receipt_id=row["receipt_id"])["item_id"])
        if row["decision"] == "auto":
            assert is_proven(of, LATE, row["receipt_id"], lines), row
        elif answer and answer.clear and not _contested(of, truth, row["receipt_id"]):
            raise AssertionError(f"{row} should be automatic")


def _contested(of: Book, truth: dict[str, Answer], receipt_id: str) -> bool:
    """Whether another receipt may want one of the items: it says a like text or brings a like amount."""
    mine = of.receipts.row(by_predicate=pl.col("receipt_id") == receipt_id, named=True)
    for other in of.receipts.iter_rows(named=True):
        if other["receipt_id"] == receipt_id:
            continue
        if other["remittance"] or other["amount"] == mine["amount"] or other["customer_id"]:
            return True
    return False


@settings(max_examples=40, deadline=None)
@given(_books())
def test_nothing_is_paid_twice(of: Book) -> None:
    proposals = propose(of, LATE)
    after = of.replace(allocations=pl.concat([of.allocations, proposals.allocations])).as_of(LATE)
    for row in after.open_items().iter_rows(named=True):
        assert row["open"] * row["amount"] >= 0
        assert abs(row["open"]) <= abs(row["amount"])
    for row in after.unapplied_receipts().iter_rows(named=True):
        assert row["unapplied"] * row["amount"] >= 0
    assert proposals.allocations["allocation_id"].is_unique().all()
