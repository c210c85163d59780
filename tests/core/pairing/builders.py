"""Receipts and items in a line, for the tests of pairing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from encours.core.base.schema import TABLES

DAY = date(2026, 3, 2)  # a Monday
IBAN = "FR7612345000010000000000197"


def day(offset: int) -> date:
    """A day from the Monday on."""
    return DAY + timedelta(days=offset)


def bank(receipt_id: str, offset: int, amount: int, text: str = "", **more: Any) -> dict[str, Any]:
    """A bank line of the account IBAN."""
    series = more.pop("series", "camt")
    return {
        "receipt_id": receipt_id, "entity_id": "E", "account": IBAN, "booked_on": day(offset), "amount": amount,
        "currency": "EUR", "kind": "transfer", "origin": "bank", "remittance": text or None, "statement_id": "S",
        "series": series, "rank": {"book": 0, "camt": 1, "mt940": 2, "camt.052": 8, "camt.054": 9}[series], **more,
    }  # fmt: skip


def ledger(
    receipt_id: str, offset: int, amount: int, customer: str = "E:C1", text: str = "", **more: Any
) -> dict[str, Any]:
    """A receipt of the ledger's account 512100."""
    return {
        "receipt_id": receipt_id, "entity_id": "E", "account": "512100", "booked_on": day(offset), "amount": amount,
        "currency": "EUR", "kind": "transfer", "origin": "ledger", "customer_id": customer, "ledger_account": "411000",
        "posted_on": day(offset), "remittance": text or None, "series": "fec", "rank": 5, **more,
    }  # fmt: skip


def receipts(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of receipts with series and rank."""
    schema = {**TABLES["receipts"].schema, "series": pl.String(), "rank": pl.Int64()}
    whole = [{**dict.fromkeys(schema), **row} for row in rows]
    return pl.DataFrame(whole, schema=schema)


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of a Book's table; absent columns are null."""
    schema = TABLES[name].schema
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def cash(allocation_id: str, receipt_id: str, item_id: str, amount: int, offset: int = 0) -> dict[str, Any]:
    """A cash allocation."""
    return {
        "allocation_id": allocation_id, "receipt_id": receipt_id, "item_id": item_id, "amount": amount, "kind": "cash",
        "allocated_on": day(offset), "source": "test",
    }  # fmt: skip
