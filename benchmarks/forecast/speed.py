"""Time and memory: the cash of 20,000 customers over 13 weeks, from 200,000 open items with their distributions."""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks.behaviour.speed import made_up
from benchmarks.harness import Figure, arguments, measure, report
from encours.core.base.book import Book
from encours.core.forecast import forecast
from encours.core.forecast.cash import PREDICTED_SCHEMA

#: The day on which the made-up book ends.
_DAY = date(2024, 1, 1) + timedelta(days=730)
#: Days that a distribution lists one by one, then longer spans, as those of payment behaviour do.
_DAILY, _SPANS, _SPAN = 50, 12, 20


def predictions(book: Book) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The open items, and a distribution of 62 rows about a delay of its own for each."""
    rows = book.as_of(_DAY).open_items().filter(pl.col("open") > 0)
    items = rows.with_columns(payer_id="customer_id").select(*PREDICTED_SCHEMA)
    chance = np.random.default_rng(3)
    size, width = items.height, _DAILY + _SPANS
    length = np.array([1] * _DAILY + [_SPAN] * _SPANS)
    after = np.concatenate([[0], np.cumsum(length)[:-1]])
    middle = chance.gamma(2.0, 8.0, size)
    weight = length * np.exp(-np.abs(after[None, :] - middle[:, None]) / 4)
    share = 0.98 * weight / weight.sum(axis=1, keepdims=True)
    start = pl.lit(_DAY + timedelta(days=1))
    spread = pl.DataFrame(
        {"after": np.tile(after, size), "days": np.tile(length, size).astype(np.int32), "p": share.reshape(-1)}
    ).select(
        items["item_id"].gather(np.repeat(np.arange(size), width)), "days", "p",
        from_on=start + pl.duration(days="after"),
    )  # fmt: skip
    return items, spread


def run(payments: int, open_items: int, customers: int) -> dict[str, float]:
    """Seconds on the clock and of CPU that a forecast takes, its rows."""
    book = made_up(payments, open_items, customers)
    items, spread = predictions(book)
    clock, begin = time.perf_counter(), time.process_time()
    found = forecast(book, _DAY, items, spread)
    spent = {"clock": time.perf_counter() - clock, "cpu": time.process_time() - begin}
    return {**spent, "items": items.height, "rows": found.weeks.height}


def main(argv: list[str] | None = None) -> int:
    """500,000 payments, 200,000 open items, 20,000 customers. Compiling is not counted: a small book runs first."""
    call = arguments("Forecasting the cash of 20,000 customers", argv)
    run(2_000, 500, 100)
    found = measure(run, call.scaled(500_000), call.scaled(200_000), call.scaled(20_000))
    return report(call, [
        Figure("forecast, on the clock", found.value["clock"], "s", at_most=20),
        Figure("forecast, CPU", found.value["cpu"], "s"),
        Figure("open items", found.value["items"]),
        Figure("customers and weeks", found.value["rows"]),
        Figure("peak memory", found.peak_mb, "MB", at_most=3_000),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
