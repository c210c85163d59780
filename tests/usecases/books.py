"""Small books for the tests of use cases, and a whole installation's folder for each test."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES

DAY = date(2026, 3, 31)


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as the Book's table; what is left out is null."""
    table = TABLES[name]
    return pl.DataFrame([{column: row.get(column) for column in table.schema} for row in rows], schema=table.schema)


def small_book(entity_id: str = "A", customers: int = 3, paid: bool = True, **changed: Any) -> Book:
    """Each customer has two invoices and a receipt that pays the first one."""
    ids = [f"{entity_id}:{n}" for n in range(customers)]
    items = [
        {
            "item_id": f"{customer}:i{n}",
            "entity_id": entity_id,
            "customer_id": customer,
            "number": f"F-{customer[-1]}{n}",
            "kind": "invoice",
            "issued_on": DAY - timedelta(days=60 - n),
            "due_on": DAY - timedelta(days=30 - 40 * n),
            "amount": 10_000 + n,
            "currency": "EUR",
            **changed,
        }
        for customer in ids
        for n in range(2)
    ]
    receipts = [
        {
            "receipt_id": f"{customer}:r",
            "entity_id": entity_id,
            "account": "512",
            "booked_on": DAY - timedelta(days=5),
            "amount": 10_000,
            "currency": "EUR",
            "kind": "transfer",
            "origin": "bank",
            "customer_id": customer,
            "remittance": f"VIR F-{customer[-1]}0",
        }
        for customer in ids
    ]
    allocations = [
        {
            "allocation_id": f"{customer}:a",
            "receipt_id": f"{customer}:r",
            "item_id": f"{customer}:i0",
            "amount": 10_000,
            "kind": "cash",
            "allocated_on": DAY - timedelta(days=5),
            "source": "fec",
        }
        for customer in ids
    ]
    return Book.of(
        entities=frame(
            "entities", [{"entity_id": entity_id, "name": f"Société {entity_id}", "country": "FR", "currency": "EUR"}]
        ),
        customers=frame(
            "customers",
            [{"customer_id": c, "entity_id": entity_id, "name": f"Client {c}", "kind": "business"} for c in ids],
        ),
        items=frame("items", items),
        receipts=frame("receipts", receipts),
        allocations=frame("allocations", allocations if paid else []),
    )


def folder(book: Book, path: Path) -> Path:
    """The book as a folder of Parquet files, of the tables that hold something: most hold nothing in a small book."""
    write_book(book, path)
    for name, table in book.tables().items():
        if table.is_empty():
            (path / f"{name}.parquet").unlink()
    return path
