"""Small books for the tests of payment behaviour: invoices paid by habits that the test names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour import Model, learn, study
from encours.core.behaviour.study import Study

START = date(2025, 1, 1)
#: The day on which the company is looked at, and each customer's delay: mean and spread in days.
DAY = 420
HABITS = {f"C{n}": (float(n % 9) - 2, 1.0 + n % 3) for n in range(16)}


def day(n: int) -> date:
    """The n-th day of the book."""
    return START + timedelta(days=n)


def book_of(
    items: Sequence[dict[str, object]], letters: Sequence[dict[str, object]] = (), **tables: pl.DataFrame
) -> Book:
    """A Book of items (item_id, customer_id, issued_on, due_on, amount) and letters (item_id, amount, allocated_on)."""
    fixed = {"entity_id": "E", "kind": "invoice", "currency": "EUR"}
    rows = pl.DataFrame([{"number": item["item_id"], **fixed, **item} for item in items], infer_schema_length=None)
    given = [{"allocation_id": f"A{n}", "kind": "cash", "source": "test", **row} for n, row in enumerate(letters)]
    names = rows["customer_id"].unique().sort()
    customers = pl.DataFrame({"customer_id": names, "name": names}).with_columns(kind=pl.lit("business"))
    if given:
        tables["allocations"] = pl.DataFrame(given, infer_schema_length=None)
    tables.setdefault("customers", customers)
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"]}),
        items=rows,
        **tables,
    )


def habits(delays: dict[str, tuple[float, float]], invoices: int, last: int, seed: int = 1, every: int = 4) -> Book:
    """Each customer's invoices of 14 days' term, one every `every` days up to day `last`, paid with a delay drawn
    around its mean, on the next Tuesday or Friday; what would be paid after `last` is paid after `last`."""
    chance = np.random.default_rng(seed)
    items: list[dict[str, object]] = []
    letters: list[dict[str, object]] = []
    for name, (mean, spread) in delays.items():
        for n in range(invoices):
            issued = int(n * every + chance.integers(0, every))
            if issued > last:
                break
            paid = max(issued + 1, issued + 14 + round(float(chance.normal(mean, spread))))
            while day(paid).weekday() not in (1, 4):
                paid += 1
            amount, key = int(chance.integers(10_000, 900_000)), f"{name}-{n}"
            span = {"issued_on": day(issued), "due_on": day(issued + 14)}
            items.append({"item_id": key, "customer_id": name, "amount": amount, **span})
            letters.append({"item_id": key, "amount": amount, "allocated_on": day(paid)})
    return book_of(items, letters)


@cache
def company() -> Book:
    """16 customers with habits of their own (HABITS), over fourteen months."""
    return habits(HABITS, 160, 500, every=4)


@cache
def studied() -> Study:
    """The company on day 420."""
    return study(company(), day(DAY))


@cache
def learnt() -> Model:
    """What is learnt of it on that day."""
    return learn(studied())
