"""A small house for the tests of entries: one bank account, one customer, whatever is settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from encours.core.base.schema import TABLES
from encours.core.entries import Bank, EntryRules, Facts

DAY = date(2026, 3, 10)
#: Both customers are suppliers, too.
SUPPLIERS = {"C1": "F1", "C2": "F2"}
_MARKS = ("discounted", "drafted", "doubtful")
BANK = "FR7630001007941234567890185"


def frame(name: str, rows: Sequence[dict[str, Any]], **more: pl.DataType) -> pl.DataFrame:
    """Rows as the Book's table with more columns; what is left out is null."""
    schema = TABLES[name].schema | more
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def item(number: str, amount: int, **changed: Any) -> dict[str, Any]:
    """An invoice (or credit note) of customer C1."""
    base = {"item_id": f"A:{number}", "entity_id": "A", "customer_id": "A:C1", "number": number, "kind": "invoice"}
    days = {"issued_on": date(2026, 1, 15), "due_on": date(2026, 2, 15)}
    return base | days | {"amount": amount, "currency": "EUR", "ledger_account": "411000"} | changed


def receipt(key: str, amount: int, **changed: Any) -> dict[str, Any]:
    """A bank line."""
    base = {"receipt_id": f"A:{key}", "entity_id": "A", "account": BANK, "booked_on": DAY, "amount": amount}
    said = {"currency": "EUR", "kind": "transfer", "origin": "bank", "payer_name": "DUPIN"}
    return base | said | changed


def settled(key: str, receipt_key: str, number: str, amount: int, kind: str = "cash", **changed: Any) -> dict[str, Any]:
    """One allocation of the decision 1."""
    base = {"allocation_id": f"A:{key}", "entity_id": "A", "receipt_id": f"A:{receipt_key}", "item_id": f"A:{number}"}
    return base | {"amount": amount, "kind": kind, "allocated_on": DAY, "source": "encours:1"} | changed


def facts(
    settlements: Sequence[dict[str, Any]],
    items: Sequence[dict[str, Any]],
    receipts: Sequence[dict[str, Any]],
    **more: Any,
) -> Facts:
    """The facts of entity A, and B beside it."""
    entities = [{"entity_id": one, "name": f"Maison {one}", "country": "FR", "currency": "EUR"} for one in ("A", "B")]
    customers = [
        {"customer_id": f"{one}:{code}", "entity_id": one, "name": f"Menuiserie {code}", "kind": "business"}
        for one in ("A", "B")
        for code in ("C1", "C2")
    ]
    text = pl.String()
    return Facts(
        frame("allocations", settlements, entity_id=text, account=text, from_advance=pl.Int64()),
        frame("items", items, vat_rate=pl.Int64(), **dict.fromkeys(_MARKS, pl.Boolean())),
        frame("receipts", receipts, own=pl.Boolean()),
        frame("customers", customers),
        frame("entities", entities),
        **more,
    )


def rules(mode: str = "full", **changed: Any) -> dict[str, EntryRules]:
    """Both entities' rules, their bank account kept in this mode."""
    own = EntryRules(banks={BANK: Bank(mode, "512100", "BQ1")}, **({"supplier_codes": SUPPLIERS} | changed))
    return {"A": own, "B": own}


def lines(entries: pl.DataFrame) -> list[tuple[str, str, str, int]]:
    """(journal, account, auxiliary, debit − credit) of every line, in order."""
    return list(entries.select("journal", "account", "auxiliary", "net").iter_rows())
