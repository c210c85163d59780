"""The same invoice from several sources is one item in any order; what cannot be told apart stays and is said."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import polars as pl

from encours.core.base.schema import TABLES
from encours.core.identity.items import EXTRA, not_in_ledger, rename_items, unify_items

JANUARY, MARCH = date(2026, 1, 10), date(2026, 3, 31)
LEDGER, INVOICE, LIST = 1, 2, 3


def item(item_id: str, rank: int, number: str = "FA-001", amount: int = 1200, **more: object) -> dict[str, object]:
    """One row; ledgers compute their due date."""
    row: dict[str, object] = {
        "item_id": item_id,
        "entity_id": "E",
        "customer_id": "E:c",
        "number": number,
        "amount": amount,
        "currency": "EUR",
        "kind": "invoice" if amount >= 0 else "credit_note",
        "issued_on": JANUARY,
        "due_on": JANUARY,
        "rank": rank,
        "states_due": rank != LEDGER,
        "is_open": True,
        "ledger_account": "411000" if rank == LEDGER else None,
    }
    return row | more


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows as unify_items takes them."""
    schema = TABLES["items"].schema | EXTRA
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def test_a_ledger_line_takes_the_due_date_and_references_that_others_state() -> None:
    rows = [
        item("fec", LEDGER),
        item("list", LIST, number="fa 001", due_on=MARCH),
        item("xml", INVOICE, due_on=MARCH, purchase_order="PO7"),
    ]
    seen = set()
    for order in permutations(rows):
        result = unify_items(frame(*order))
        row = result.items.row(0, named=True)
        assert (result.items.height, row["item_id"], row["due_on"], row["purchase_order"]) == (1, "fec", MARCH, "PO7")
        seen.add(tuple(result.renames.sort("from_id").rows()))
    assert seen == {(("list", "fec", True), ("xml", "fec", True))}


def test_another_customer_number_or_side_is_another_item() -> None:
    rows = frame(
        item("fec", LEDGER),
        item("other", LIST, customer_id="E:d"),
        item("next", LIST, number="FA-0010"),
        item("note", LIST, amount=-1200),
    )
    result = unify_items(rows)
    assert result.items["item_id"].to_list() == ["fec", "other", "next", "note"]
    assert not result.renames.height


def test_instalments_of_a_list_are_the_ledgers_one_line() -> None:
    rows = frame(
        item("fec", LEDGER),
        item("p1", LIST, amount=600, part="1", due_on=date(2026, 2, 10)),
        item("p2", LIST, amount=600, part="2", due_on=MARCH),
    )
    result = unify_items(rows)
    assert result.items.select("item_id", "amount", "due_on").rows() == [("fec", 1200, date(2026, 2, 10))]


def test_a_number_used_twice_is_told_apart_by_the_amount_or_left_and_said() -> None:
    rows = frame(
        item("a", LEDGER, amount=100),
        item("b", LEDGER, amount=200),
        item("l1", LIST, amount=200, due_on=MARCH),
        item("l2", LIST, amount=50),
    )
    result = unify_items(rows)
    assert result.renames.rows() == [("l1", "b", True)]
    assert result.items["item_id"].to_list() == ["a", "b", "l2"]
    assert result.issues.select("code", "key").rows() == [("item_pair_ambiguous", "l2")]


def test_an_invoice_moved_to_another_account_is_the_line_that_is_still_open() -> None:
    moved = item("b-413", LEDGER, issued_on=date(2026, 2, 1), ledger_account="413000")
    rows = frame(item("a-411", LEDGER, is_open=False), moved, item("list", LIST, due_on=MARCH))
    assert unify_items(rows).renames.rows() == [("list", "b-413", True)]
    settled = frame(
        item("a-411", LEDGER, is_open=False), moved | {"is_open": False}, item("xml", INVOICE, due_on=MARCH)
    )
    assert unify_items(settled).renames.rows() == [("xml", "a-411", True)]


def test_sources_of_one_rank_keep_all_their_lines() -> None:
    rows = frame(item("p1", LIST, part="1"), item("p2", LIST, part="2"))
    assert unify_items(rows).items["item_id"].to_list() == ["p1", "p2"]


def test_a_due_date_before_the_invoice_is_not_taken() -> None:
    result = unify_items(frame(item("fec", LEDGER), item("list", LIST, due_on=date(2025, 1, 1))))
    assert result.items["due_on"].to_list() == [JANUARY]


def test_renamed_ids_reach_every_column_that_names_items() -> None:
    renames = pl.DataFrame({"from_id": ["list"], "to_id": ["fec"], "settled": [True]})
    rows = pl.DataFrame({"item_id": ["list", "x"], "credit_item_id": ["y", "list"]})
    assert rename_items(rows, renames, ("item_id", "credit_item_id")).rows() == [("fec", "y"), ("x", "fec")]


def test_a_line_that_the_ledger_of_its_days_lacks_is_left_out_and_said() -> None:
    rows = frame(
        item("fec", LEDGER),
        item("account", LIST, number="R0001", amount=-700),
        item("never", LIST, number="FA-2", amount=300),
        item("later", LIST, number="FA-3", issued_on=MARCH),
        item("elsewhere", LIST, number="FA-4", entity_id="F"),
    )
    covered = pl.DataFrame({"entity_id": ["E"], "from_on": [date(2026, 1, 1)], "to_on": [date(2026, 2, 28)]})
    ids, issues = not_in_ledger(rows, covered)
    assert ids.to_list() == ["account", "never"]
    assert issues.select("key", "severity").rows() == [("account", "info"), ("never", "warning")]
