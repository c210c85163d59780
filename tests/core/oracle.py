"""The stranger who audits the books: replays a ledger event by event in plain Python and `Decimal`, slowly.

Shares no code with `encours`. Facts are the Book's rows as dicts; `replay(facts, day, reading)` gives what was owed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
CENT = Decimal("0.01")
KINDS = ("cash", "credit", "discount", "charge", "write_off", "fx", "netting", "ledger")


@dataclass
class Ledger:
    """What stood on a day: each item's amount, parts and open; each receipt's unapplied; each customer's balance."""

    invoiced: dict[str, Decimal] = field(default_factory=dict)
    open: dict[str, Decimal] = field(default_factory=dict)
    parts: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    unapplied: dict[str, Decimal] = field(default_factory=dict)
    balance: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    items: dict[str, Row] = field(default_factory=dict)
    receipts: dict[str, Row] = field(default_factory=dict)


def money(minor: int) -> Decimal:
    """Minor units of a two-decimal currency."""
    return Decimal(minor) * CENT


def accounted(row: Row, *columns: str) -> date:
    """The first of the columns that is filled."""
    return next(row[name] for name in columns if row.get(name) is not None)


DATED = {
    "items": ("posted_on", "issued_on"),
    "receipts": ("posted_on", "booked_on"),
    "allocations": ("allocated_on",),
}
KEY = {"items": "item_id", "receipts": "receipt_id", "allocations": "allocation_id"}


def versions_on(rows: Iterable[Row], table: str, day: date, reading: str) -> dict[str, Row]:
    """The one version of each id that counts on the day; ids that are voided or not there yet are absent."""
    last: dict[str, tuple[date, Row]] = {}
    for row in rows:
        known = row.get("known_on") or accounted(row, *DATED[table])
        if reading == "known" and known > day:
            continue
        name = row[KEY[table]]
        if name not in last or known >= last[name][0]:
            last[name] = (known, row)
    standing = {}
    for name, (_, row) in last.items():
        if row.get("voided"):
            continue
        if reading == "booked" and accounted(row, *DATED[table]) > day:
            continue
        standing[name] = row
    return standing


def replay(facts: Mapping[str, list[Row]], day: date, reading: str) -> Ledger:
    """The ledger at the end of the day, `reading` being `known` or `booked`."""
    ledger = Ledger()
    ledger.items = versions_on(facts["items"], "items", day, reading)
    ledger.receipts = versions_on(facts["receipts"], "receipts", day, reading)
    allocations = versions_on(facts["allocations"], "allocations", day, reading)
    for name, item in ledger.items.items():
        ledger.invoiced[name] = ledger.open[name] = money(item["amount"])
        ledger.parts[name] = defaultdict(Decimal)
    for name, receipt in ledger.receipts.items():
        ledger.unapplied[name] = money(receipt["amount"])
    for row in sorted(allocations.values(), key=lambda row: row["allocated_on"]):
        # An allocation acts only once everything it names is there.
        if any(
            row.get(column) is not None and row[column] not in there
            for column, there in (
                ("item_id", ledger.items),
                ("credit_item_id", ledger.items),
                ("receipt_id", ledger.receipts),
            )
        ):
            continue
        apply(ledger, row, 1)
        if row.get("reversed_on") is not None and row["reversed_on"] <= day:
            apply(ledger, row, -1)
    sum_up(ledger)
    return ledger


def apply(ledger: Ledger, row: Row, direction: int) -> None:
    """Books one allocation (or, with −1, its reversal)."""
    amount = money(row["amount"]) * direction
    if row["item_id"] in ledger.items:
        ledger.open[row["item_id"]] -= amount
        ledger.parts[row["item_id"]][row["kind"]] += amount
    if row["kind"] == "credit" and row.get("credit_item_id") in ledger.items:
        ledger.open[row["credit_item_id"]] += amount
        ledger.parts[row["credit_item_id"]]["credited"] -= amount
    if row["kind"] == "cash" and row.get("receipt_id") in ledger.receipts:
        used = row["amount"] if row.get("receipt_amount") is None else row["receipt_amount"]
        ledger.unapplied[row["receipt_id"]] -= money(used) * direction


def sum_up(ledger: Ledger) -> None:
    """Each customer's balance in each currency."""
    balance: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for name, item in ledger.items.items():
        balance[item["customer_id"], item["currency"]] += ledger.open[name]
    for name, receipt in ledger.receipts.items():
        if receipt.get("customer_id") is not None:
            balance[receipt["customer_id"], receipt["currency"]] -= ledger.unapplied[name]
    ledger.balance = dict(balance)
