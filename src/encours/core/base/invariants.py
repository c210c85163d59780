"""Money is conserved: what must hold in every Book that leaves core or is about to be stored, whatever the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base import balance
from encours.core.base.schema import TABLES

if TYPE_CHECKING:
    from encours.core.base.book import Book

#: What can happen to an item's amount: the kinds of allocation, `credited` being what a credit note gave away.
PARTS = ("cash", "credit", "discount", "charge", "write_off", "fx", "netting", "ledger", "credited")
#: The parts that say that money came; a credit note, a write-off or an offset settles without any.
MONEY_PARTS = ("cash", "ledger")
_SHOWN = 5


class MoneyError(AssertionError):
    """Money appeared or vanished: a fault of the program, never of the data."""


def assert_money(book: Book) -> None:
    """Raises MoneyError where a read Book (one row an id) does not conserve money.

    For every item allocated + credited + discounted + charged + written off + fx + netted + ledger + open = invoiced;
    every receipt's applied + unapplied = received; the customers' balances = Σ open items − Σ unapplied receipts.
    """
    faults = _rows_that_repeat(book)
    if not faults:
        faults = _items_that_differ(book) + _receipts_that_differ(book) + _balances_that_differ(book)
    if faults:
        raise MoneyError("money is not conserved: " + "; ".join(faults))


def assert_projected(items: pl.DataFrame, receipts: pl.DataFrame, allocations: pl.DataFrame) -> None:
    """Raises MoneyError where amounts about to be stored do not conserve money, as sums over all rows.

    `items`: item_id, amount, open. `receipts`: receipt_id, amount, unapplied. `allocations`: at least all that stand on
    them; those on others do not count.
    """
    rows = allocations.filter(pl.col("reversed_on").is_null())
    given = rows.filter((pl.col("kind") == "credit") & pl.col("credit_item_id").is_not_null())
    cash = rows.filter((pl.col("kind") == "cash") & pl.col("receipt_id").is_not_null())
    taken = rows.select(id="item_id", moved="amount")
    off_items = pl.concat([taken, given.select(id="credit_item_id", moved=-pl.col("amount"))])
    off_receipts = cash.select(id="receipt_id", moved=pl.coalesce("receipt_amount", "amount"))
    faults = _sums_that_differ("items", items.select(id="item_id", left="open", amount="amount"), off_items)
    faults += _sums_that_differ(
        "receipts", receipts.select(id="receipt_id", left="unapplied", amount="amount"), off_receipts
    )
    if faults:
        raise MoneyError("money is not conserved: " + "; ".join(faults))


def _sums_that_differ(name: str, rows: pl.DataFrame, moved: pl.DataFrame) -> list[str]:
    settled = int((rows["amount"] - rows["left"]).sum())
    here = int(moved.filter(pl.col("id").is_in(rows["id"].implode()))["moved"].sum())
    return [] if settled == here else [f"{name}: {settled} is settled, {here} moved"]


def parts_by_item(book: Book) -> pl.DataFrame:
    """item_id and one Int64 column for each of PARTS: where each item's amount went, by a path of its own."""
    rows = book.allocations.filter(pl.col("reversed_on").is_null())
    taken = rows.group_by("item_id").agg(
        pl.col("amount").filter(pl.col("kind") == kind).sum().alias(kind) for kind in PARTS[:-1]
    )
    notes = (
        rows.filter(pl.col("kind") == "credit").group_by(item_id="credit_item_id").agg(credited=-pl.col("amount").sum())
    )
    both = book.items.select("item_id").join(taken, on="item_id", how="left").join(notes, on="item_id", how="left")
    return both.with_columns(pl.col(PARTS).fill_null(0))


def _rows_that_repeat(book: Book) -> list[str]:
    faults = []
    for name in ("items", "receipts", "allocations"):
        repeated = book.table(name).filter(pl.struct(TABLES[name].key).is_duplicated())
        if repeated.height:
            faults.append(f"{name}: {repeated.height} rows share their id: {_some(repeated[TABLES[name].key[0]])}")
    return faults


def _items_that_differ(book: Book) -> list[str]:
    both = book.open_items().select("item_id", "amount", "open").join(parts_by_item(book), on="item_id")
    bad = both.filter(pl.sum_horizontal(*PARTS, "open") != pl.col("amount"))
    faults = [f"items: parts and open are not the amount: {_some(bad['item_id'])}"] if bad.height else []
    unknown = book.allocations.filter(pl.col("kind").is_not_null() & ~pl.col("kind").is_in(PARTS[:-1]))
    if unknown.height:
        faults.append(f"allocations: kinds that no part counts: {_some(unknown['kind'].unique().sort())}")
    return faults


def _receipts_that_differ(book: Book) -> list[str]:
    # Counted over again from the rows, not by balance.applied_by_receipt, whose work this checks.
    cash = book.allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    used = pl.when(pl.col("receipt_amount").is_null()).then("amount").otherwise("receipt_amount")
    applied = cash.group_by("receipt_id").agg(applied=used.sum())
    both = book.unapplied_receipts().join(applied, on="receipt_id", how="left")
    bad = both.filter(pl.col("applied").fill_null(0) + pl.col("unapplied") != pl.col("amount"))
    return [f"receipts: applied and unapplied are not the amount: {_some(bad['receipt_id'])}"] if bad.height else []


def _balances_that_differ(book: Book) -> list[str]:
    owed, held = book.open_items(), book.unapplied_receipts().filter(pl.col("customer_id").is_not_null())
    balances = balance.customer_balances(owed.lazy(), held.lazy()).collect()
    left = int(balances["balance"].sum())
    right = int(owed["open"].sum()) - int(held["unapplied"].sum())
    return [] if left == right else [f"balances sum to {left}, open items less unapplied receipts to {right}"]


def _some(ids: pl.Series) -> str:
    shown = ", ".join(str(value) for value in ids.head(_SHOWN))
    return shown + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
