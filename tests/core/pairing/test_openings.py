"""Two ledger years: openings give way to last year's open lines, and balances stay what the ledger says."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.pairing import Years, join_years
from tests.core.pairing.builders import cash, table

OLD, CLOSE, OPEN, NEW = date(2024, 6, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31)


def item(item_id: str, amount: int, on: date = OLD, kind: str = "invoice", **more: Any) -> dict[str, Any]:
    """A claim on 411000 of customer C1."""
    return {
        "item_id": item_id, "entity_id": "E", "customer_id": "E:C1", "ledger_account": "411000", "number": item_id,
        "kind": kind, "issued_on": on, "due_on": on, "amount": amount, "currency": "EUR", "posted_on": on, **more,
    }  # fmt: skip


def receipt(receipt_id: str, amount: int, on: date) -> dict[str, Any]:
    """A receipt of customer C1."""
    return {
        "receipt_id": receipt_id, "entity_id": "E", "account": "512100", "booked_on": on, "amount": amount,
        "currency": "EUR", "kind": "transfer", "origin": "ledger", "customer_id": "E:C1", "ledger_account": "411000",
        "posted_on": on,
    }  # fmt: skip


def joined(items: list[dict[str, Any]], money: list[dict[str, Any]], allocations: list[dict[str, Any]]) -> Years:
    """The years as one."""
    return join_years(table("items", *items), table("receipts", *money), table("allocations", *allocations))


def balance(years: Years, day: date, account: str = "411000") -> int:
    """Open items less unapplied receipts on a day."""
    book = Book.of(items=years.items, receipts=years.receipts, allocations=years.allocations).as_booked(day)
    mine = pl.col("ledger_account") == account
    return int(book.open_items().filter(mine)["open"].sum() - book.unapplied_receipts().filter(mine)["unapplied"].sum())


def _dated(row: dict[str, Any], on: date) -> dict[str, Any]:
    return row | {"allocated_on": on}


def test_an_opening_that_is_last_years_line_gives_way_to_it() -> None:
    years = joined(
        [
            item("F1", 1000),
            item("F2", 400),
            item("O1", 1000, OPEN, "opening", number="F1"),
            item("O2", 400, OPEN, "opening"),
        ],
        [receipt("R", 1000, NEW)],
        [_dated(cash("A", "R", "O1", 1000), NEW)],
    )
    assert sorted(years.items["item_id"]) == ["F1", "F2"]
    assert years.allocations.select("item_id", "amount").rows() == [("F1", 1000)]
    assert (balance(years, CLOSE), balance(years, OPEN), balance(years, NEW)) == (1400, 1400, 400)
    assert not years.issues.height


def test_a_credit_that_was_an_unapplied_receipt_becomes_its_cash() -> None:
    years = joined(
        [item("O1", -300, OPEN, "opening"), item("F9", 300, NEW)],
        [receipt("R", 300, OLD)],
        [_dated(cash("A", "R", "F9", 300) | {"kind": "credit", "receipt_id": None, "credit_item_id": "O1"}, NEW)],
    )
    assert years.items["item_id"].to_list() == ["F9"]
    assert years.allocations.select("kind", "receipt_id", "credit_item_id").rows() == [("cash", "R", None)]
    assert (balance(years, CLOSE), balance(years, OPEN), balance(years, NEW)) == (-300, -300, 0)


def test_an_aggregated_opening_is_replaced_by_its_detail_and_the_gap_is_shown() -> None:
    years = joined(
        [item("F1", 1000), item("F2", 500, date(2024, 7, 1)), item("O", 1600, OPEN, "opening")],
        [receipt("R", 1200, NEW)],
        [_dated(cash("A", "R", "O", 1200), NEW)],
    )
    gap = years.items.filter(pl.col("kind") == "opening")
    assert gap.select("amount", "posted_on").rows() == [(100, OPEN)]
    assert sorted(years.allocations.select("allocation_id", "item_id", "amount").rows()) == [
        ("A", "F1", 1000),
        ("A/2", "F2", 200),
    ]
    assert (balance(years, CLOSE), balance(years, OPEN), balance(years, NEW)) == (1500, 1600, 400)
    assert years.issues["code"].to_list() == ["opening_gap"]
    said = "the opening of 2025-01-01 is 16.00 EUR, last year left 15.00 EUR; 1.00 EUR stays as opening without detail"
    assert said in years.issues["message"][0]


def test_an_opening_pooled_on_its_account_is_replaced_by_the_customers_lines() -> None:
    pooled = item("O", 1500, OPEN, "opening", customer_id="E:411000")
    years = joined([item("F1", 1000), item("F2", 500, customer_id="E:C2"), pooled], [], [])
    assert sorted(years.items["item_id"]) == ["F1", "F2"]
    assert (balance(years, CLOSE), balance(years, OPEN)) == (1500, 1500)


def test_a_year_alone_keeps_its_openings() -> None:
    years = joined([item("O", 1500, OPEN, "opening"), item("F", 10, NEW)], [], [])
    assert sorted(years.items["item_id"]) == ["F", "O"]


_AMOUNTS = st.lists(st.integers(1, 9).map(lambda n: n * 100), max_size=6)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(_AMOUNTS, _AMOUNTS, _AMOUNTS, st.booleans(), st.integers(0, 1000))
def test_both_closings_are_the_ledgers_whatever_the_openings(
    invoices: list[int], unapplied: list[int], openings: list[int], one_by_one: bool, paid: int
) -> None:
    """Random last years, openings detailed or not, right or wrong: the balance is the ledger's on every day."""
    old = [item(f"F{n}", cents) for n, cents in enumerate(invoices)]
    money = [receipt(f"R{n}", cents, OLD) for n, cents in enumerate(unapplied)]
    carried = [*invoices, *(-cents for cents in unapplied)] if one_by_one else openings
    opened = [item(f"O{n}", cents, OPEN, "opening") for n, cents in enumerate(carried)]
    target = next((row for row in opened if row["amount"] > 0), None)
    money.append(receipt("P", paid + 1, NEW))
    settled = min(paid, target["amount"]) if target else 0
    allocations = [_dated(cash("A", "P", target["item_id"], settled), NEW)] if target and settled else []
    years = joined(old + opened, money, allocations)
    before = sum(invoices) - sum(unapplied)
    after = sum(carried) if opened and (old or unapplied) else before + sum(carried)
    assert balance(years, CLOSE) == before
    assert balance(years, OPEN) == after
    assert balance(years, NEW) == after - paid - 1
    _whole(years)
    again = join_years(years.items, years.receipts, years.allocations)
    assert again.items.equals(years.items)
    assert again.allocations.equals(years.allocations)
    reloaded = join_years(
        *(
            _with_fresh(frame, fresh)
            for frame, fresh in zip(
                (years.items, years.receipts, years.allocations),
                (table("items", *opened), table("receipts"), table("allocations", *allocations)),
                strict=True,
            )
        )
    )
    assert sorted(reloaded.items.rows()) == sorted(years.items.rows())
    assert sorted(reloaded.allocations.rows()) == sorted(years.allocations.rows())


def _with_fresh(stored: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """The stored rows, and those of the year that is loaded again which the store does not hold."""
    key = stored.columns[0]
    return pl.concat([stored, fresh.filter(~pl.col(key).is_in(stored[key].implode()))])


def _whole(years: Years) -> None:
    """The Book's own rules find nothing over-allocated and no allocation without its item."""
    book = Book.of(items=years.items, receipts=years.receipts, allocations=years.allocations)
    bad = {"over_allocated", "over_applied", "wrong_sign", "duplicate_key"}
    assert not bad & set(book.check()["code"])
    assert set(years.allocations["item_id"]) <= set(years.items["item_id"])
    assert years.items.schema == TABLES["items"].schema
