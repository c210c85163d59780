"""Small books with distributions given by hand, for the tests of the forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.forecast.cash import PREDICTED_SCHEMA
from encours.core.forecast.cells import SPREAD_SCHEMA
from tests.core.behaviour.books import book_of, habits

AS_OF = date(2025, 6, 2)

#: (from, days, chance): a row of a distribution, its first day counted from AS_OF.
Row = tuple[int, int, float]


def on(n: int) -> date:
    """The n-th day after AS_OF."""
    return AS_OF + timedelta(days=n)


def item(name: str, customer: str, amount: int, due: int, **more: object) -> dict[str, object]:
    """An invoice of 30 days' term, due `due` days after AS_OF."""
    return {
        "item_id": name,
        "customer_id": customer,
        "amount": amount,
        "due_on": on(due),
        "issued_on": on(due - 30),
    } | more


def opened(book: Book, as_of: date = AS_OF) -> pl.DataFrame:
    """The open items of a Book as predictions have them; each customer pays for itself."""
    rows = book.as_of(as_of).open_items().filter(pl.col("open") > 0)
    return rows.with_columns(payer_id="customer_id").select(*PREDICTED_SCHEMA)


def spread_of(rows: Mapping[str, Sequence[Row]]) -> pl.DataFrame:
    """SPREAD_SCHEMA of items by name."""
    told = [(name, on(first), days, p) for name, part in rows.items() for first, days, p in part]
    return pl.DataFrame(told, schema=SPREAD_SCHEMA, orient="row")


def usual(items: pl.DataFrame, as_of: date = AS_OF) -> pl.DataFrame:
    """A distribution for each item: on the twelve days from the due date, or from tomorrow, and a tail of a month."""
    start = pl.max_horizontal("due_on", pl.lit(as_of + timedelta(days=1)))
    days = pl.DataFrame({"after": [*range(12), 12], "days": [1] * 12 + [30], "p": [0.07] * 12 + [0.1]})
    rows = items.select("item_id", start=start).join(days, how="cross", maintain_order="left_right")
    return rows.select(
        "item_id", "p", from_on=pl.col("start") + pl.duration(days="after"), days=pl.col("days").cast(pl.Int32)
    )


def company() -> tuple[Book, date]:
    """Eight customers over fifteen months, and a day on which some two dozen of their items are open."""
    of = habits({f"C{n}": (float(n % 5), 1.0 + n % 3) for n in range(8)}, 120, 460, every=5)
    return of, date(2025, 1, 1) + timedelta(days=400)


__all__ = ["AS_OF", "book_of", "company", "item", "on", "opened", "spread_of", "usual"]
