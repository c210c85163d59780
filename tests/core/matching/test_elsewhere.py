"""Money at the wrong entity: proposed where the text quotes, in full, what another entity has open; never by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.matching import Proposals, propose
from encours.core.matching.elsewhere import BOTH, RULE
from tests.core.matching.books import DAY, book, item, receipt

_END = DAY + timedelta(days=90)


def _theirs(number: str, amount: int, customer: str = "f:c9", **more: Any) -> dict[str, Any]:
    return item(number, amount, customer, item_id=f"F:{number}:{more.get('part', '')}", entity_id="F", **more)


def _found(items: list[dict[str, Any]], receipts: list[dict[str, Any]]) -> Proposals:
    made = book(items, receipts)
    theirs = pl.col("customer_id").str.starts_with("f:")
    entity = pl.when(theirs).then(pl.lit("F")).otherwise("entity_id")
    whole: Book = made.replace(customers=made.customers.with_columns(entity_id=entity))
    return propose(whole, _END)


def _decided(found: Proposals, receipt_id: str = "R1") -> tuple[str, str]:
    return found.decisions.filter(receipt_id=receipt_id).select("decision", "rule").row(0)


def _lines(found: Proposals, receipt_id: str = "R1") -> list[tuple[str, int, str]]:
    rows = found.allocations.filter(receipt_id=receipt_id).sort("item_id")
    return rows.select("item_id", "amount", "kind").rows()


def test_a_number_of_another_entity_in_full_is_proposed_for_review() -> None:
    found = _found([item("A10001", 70_000), _theirs("B20077", 45_012)], [receipt("R1", 45_012, "VIR FACT B20077")])
    row = found.decisions.row(0, named=True)
    assert (row["decision"], row["rule"], row["customer_id"]) == ("review", RULE, "f:c9")
    assert row["reason"] == "B20077 is quoted in full and owed to entity F; no item of this entity bears the number"
    assert _lines(found) == [("F:B20077:", 45_012, "cash")]
    assert found.elsewhere["R1"].entity_id == "F"
    assert found.elsewhere["R1"].rule == "no_reference"
    assert found.summary["review"] == 1


@pytest.mark.parametrize("text", ["B 20077", "B-2.0077", "B20077/DUPIN", "REF:B20077"])
def test_the_number_is_known_however_it_is_written(text: str) -> None:
    assert _decided(_found([_theirs("B20077", 45_012)], [receipt("R1", 45_012, text)])) == ("review", RULE)


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([item("B20077", 10_000), _theirs("B20077", 45_012)], "B20077"),  # our own number, too
        ([_theirs("B20077", 45_012), _theirs("B20077", 45_012, "f:c8", part="2")], "B20077"),  # two customers'
        ([_theirs("B20077", 45_012, currency="USD")], "B20077"),
        ([_theirs("B20077", 45_012)], "B200771"),
        ([_theirs("B20077", 45_012)], "20077"),  # not in full
        ([_theirs("B20077", 45_012)], "B ...... 20077"),  # too far apart for one number, at home, too
        ([_theirs("B77", 45_012)], "B77"),  # too short to be unmistakable
        ([_theirs("20077", 99_000)], "20077"),  # five bare digits and another amount
    ],
)
def test_what_may_be_meant_otherwise_is_not_proposed(items: list[dict[str, Any]], text: str) -> None:
    assert _decided(_found(items, [receipt("R1", 45_012, text)]))[1] != RULE


def test_part_and_more_than_open_are_worth_a_look_where_the_number_is_strong() -> None:
    less = _found([_theirs("FB20077", 45_012)], [receipt("R1", 20_000, "ACPT FB20077")])
    assert _lines(less) == [("F:FB20077:", 20_000, "cash")]
    more = _found([_theirs("FB20077", 45_012)], [receipt("R1", 50_000, "FB20077")])
    assert _lines(more) == [("F:FB20077:", 45_012, "cash")]
    assert (
        more.decisions["confidence"][0]
        < _found([_theirs("FB20077", 45_012)], [receipt("R1", 45_012, "FB20077")]).decisions["confidence"][0]
    )


def test_a_credit_note_and_several_invoices_of_one_entity() -> None:
    items = [_theirs("FB20077", 45_012), _theirs("FB20078", 10_000), _theirs("AV00301", -5_000)]
    found = _found(items, [receipt("R1", 50_012, "FB20077 FB20078 AV00301")])
    assert sum(amount for _, amount, _ in _lines(found)) == 50_012


def test_one_due_date_of_several() -> None:
    items = [_theirs("FB20077", 30_000, part="1"), _theirs("FB20077", 15_012, part="2")]
    assert _lines(_found(items, [receipt("R1", 15_012, "FB20077")])) == [("F:FB20077:2", 15_012, "cash")]


def test_two_receipts_take_one_item_once() -> None:
    found = _found(
        [_theirs("FB20077", 45_012)], [receipt("R1", 45_012, "FB20077"), receipt("R2", 45_012, "FB20077", day=41)]
    )
    assert [_decided(found, one)[1] == RULE for one in ("R1", "R2")] == [True, False]


def test_a_guess_by_the_amount_gives_way_to_the_number() -> None:
    """The same customer owes both entities the same amount: the text says which."""
    items = [item("A10001", 45_012, "c1"), _theirs("FB20077", 45_012)]
    found = _found(items, [receipt("R1", 45_012, "FACTURE FB20077", customer_id="c1")])
    assert _decided(found) == ("review", RULE)
    assert found.elsewhere["R1"].rule == "no_reference"


def test_a_book_of_one_entity_has_nowhere_else_to_look() -> None:
    found = propose(book([item("A10001", 70_000)], [receipt("R1", 45_012, "FB20077")]), _END)
    assert _decided(found) == ("none", "no_reference")
    assert not found.elsewhere


def _of_both(money: int, text: str = "A10001 FB20077", **more: Any) -> Proposals:
    return _found([item("A10001", 30_000), _theirs("FB20077", 45_012)], [receipt("R1", money, text, **more)])


def test_items_of_both_entities_that_together_are_the_money() -> None:
    found = _of_both(75_012)
    row = found.decisions.row(0, named=True)
    assert (row["decision"], row["rule"], row["customer_id"]) == ("review", BOTH, "c1")
    assert row["reason"] == (
        "A10001 is quoted in full and owed here; FB20077 is quoted in full and owed to entity F; "
        "together they are exactly the receipt"
    )
    assert _lines(found) == [("E:c1:A10001", 30_000, "cash"), ("F:FB20077:", 45_012, "cash")]
    assert (found.elsewhere["R1"].entity_id, found.elsewhere["R1"].rule) == ("F", "amount_differs")
    assert not found.proven


def test_items_of_both_entities_give_way_to_none_that_only_fits_by_more() -> None:
    """At home an item that nobody quotes makes up the same amount; the text names the other entity's."""
    items = [item("A10001", 30_000), item("A10002", 45_012), _theirs("FB20077", 45_012)]
    found = _found(items, [receipt("R1", 75_012, "A10001 FB20077")])
    assert _decided(found) == ("review", BOTH)
    assert {item_id for item_id, _, _ in _lines(found)} == {"E:c1:A10001", "F:FB20077:"}


@pytest.mark.parametrize("money", [75_011, 75_013, 30_000, 45_012, 20_000])
def test_items_of_both_entities_are_proposed_to_the_cent_or_not(money: int) -> None:
    assert _decided(_of_both(money))[1] != BOTH


def test_what_is_ours_and_settled_leaves_the_whole_to_a_person() -> None:
    items = [item("A10001", 30_000), item("A10002", 9_000), _theirs("FB20077", 45_012)]
    receipts = [receipt("R0", 9_000, "A10002", day=39), receipt("R1", 75_012, "A10001 A10002 FB20077")]
    found = _found(items, receipts)
    assert _decided(found)[1] not in (RULE, BOTH)
