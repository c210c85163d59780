"""A company whose customers pay by habits that the test names, imported, for the tests of what is learnt of payers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from encours.core.base.book import Book
from tests.kept import import_once
from tests.usecases.books import frame

DAY = date(2026, 3, 31)
TERM_DAYS = 30


def paying_book(
    habits: Mapping[str, tuple[float, float]],
    *,
    entity_id: str = "A",
    last: date = DAY,
    months: int = 14,
    seed: int = 3,
) -> Book:
    """Customers `A:<name>` with an invoice about every six days, paid at a delay drawn around its mean (mean, spread).

    What would be paid after `last` is open. A customer whose name begins with `late` has stopped paying 40 days before.
    """
    chance = np.random.default_rng(seed)
    items, receipts, letters = [], [], []
    first = last - timedelta(days=30 * months)
    for name, (mean, spread) in habits.items():
        customer, issued, n = f"{entity_id}:{name}", first, 0
        while issued < last:
            due, key, amount = (
                issued + timedelta(days=TERM_DAYS),
                f"{customer}:{n}",
                int(chance.integers(20_000, 900_000)),
            )
            paid = due + timedelta(days=round(float(chance.normal(mean, spread))))
            own = {"entity_id": entity_id, "customer_id": customer, "amount": amount, "currency": "EUR"}
            items.append({"item_id": key, **own, "number": f"F{name}{n}", "kind": "invoice", "issued_on": issued,
                          "due_on": due})  # fmt: skip
            stopped = name.startswith("late") and paid > last - timedelta(days=40)
            if paid <= last and not stopped:
                receipts.append({"receipt_id": f"{key}:r", **own, "account": "512", "booked_on": paid,
                                 "kind": "transfer", "origin": "bank"})  # fmt: skip
                letters.append({"allocation_id": f"{key}:a", "receipt_id": f"{key}:r", "item_id": key, "amount": amount,
                                "kind": "cash", "allocated_on": paid, "source": "fec"})  # fmt: skip
            issued, n = issued + timedelta(days=int(chance.integers(4, 9))), n + 1
    names = [{"customer_id": f"{entity_id}:{name}", "entity_id": entity_id, "name": f"Client {name}",
              "kind": "business"} for name in habits]  # fmt: skip
    company = {"entity_id": entity_id, "name": f"Société {entity_id}", "country": "FR", "currency": "EUR"}
    return Book.of(
        entities=frame("entities", [company]),
        customers=frame("customers", names),
        items=frame("items", items),
        receipts=frame("receipts", receipts),
        allocations=frame("allocations", letters),
    )


#: Prompt; late but reliable; punctual until 40 days ago, when the money stopped.
HABITS = {"prompt": (0.0, 1.0), "reliable": (15.0, 2.0), "late": (0.0, 1.0)}


def load(path: Path, book: Book | None = None) -> None:
    """Imports the book."""
    import_once(book or paying_book(HABITS), path)


def open_items(book: Book) -> pl.DataFrame:
    """Its open items with a positive amount."""
    return book.current().open_items().filter(pl.col("open") > 0)
