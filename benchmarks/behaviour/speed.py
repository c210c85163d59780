"""Time and memory: learning from 500,000 payments, predicting 200,000 open items, on a made-up book."""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from encours.core.base.book import Book
from encours.core.behaviour.model import learn
from encours.core.behaviour.predict import predict_studied
from encours.core.behaviour.study import study

_FIRST = date(2024, 1, 1)
_DAYS = 730


def made_up(payments: int, open_items: int, customers: int) -> Book:
    """A book whose customers pay with habits of their own: so many paid items over two years, so many open ones."""
    chance = np.random.default_rng(5)
    size = payments + open_items
    customer = chance.integers(0, customers, size)
    habit, spread = chance.normal(4, 8, customers), chance.gamma(2, 2.5, customers)
    delay = np.rint(habit[customer] + chance.normal(0, 1, size) * spread[customer]).astype(int)
    term = np.array([15, 30, 45, 60])[chance.integers(0, 4, customers)][customer]
    paid_after = np.maximum(term + delay, 1)
    issued = np.where(
        np.arange(size) < payments,
        (chance.random(size) * np.maximum(_DAYS - paid_after, 1)).astype(int),
        _DAYS - (chance.random(size) * paid_after).astype(int),
    )
    start = pl.lit(_FIRST)
    drawn = {"n": np.arange(size), "c": customer, "issued": issued, "term": term, "after": paid_after}
    rows = pl.DataFrame({**drawn, "amount": chance.integers(1_000, 10**7, size)}).select(
        "amount",
        item_id=pl.format("I{}", "n"), customer_id=pl.format("C{}", "c"), number=pl.format("{}", "n"),
        entity_id=pl.lit("E"), kind=pl.lit("invoice"), currency=pl.lit("EUR"),
        issued_on=start + pl.duration(days="issued"),
        due_on=start + pl.duration(days=pl.col("issued") + pl.col("term")),
        paid_on=start + pl.duration(days=pl.col("issued") + pl.col("after")),
    )  # fmt: skip
    letters = rows.head(payments).select(
        "item_id", "amount", allocation_id="item_id", kind=pl.lit("cash"), allocated_on="paid_on", source=pl.lit("x")
    )
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["E"], "country": ["FR"], "currency": ["EUR"]}),
        customers=rows.select("customer_id", name="customer_id", kind=pl.lit("business")).unique(maintain_order=True),
        items=rows.drop("paid_on"),
        allocations=letters,
    )


def run(payments: int, open_items: int, customers: int) -> dict[str, float]:
    """Seconds of CPU to learn, seconds on the clock to predict."""
    book = made_up(payments, open_items, customers)
    day = _FIRST + timedelta(days=_DAYS)
    begin = time.process_time()
    of = study(book, day)
    model = learn(of)
    learnt = time.process_time() - begin
    clock, begin = time.perf_counter(), time.process_time()
    found = predict_studied(book, study(book, day), model)
    spent = {"predict": time.perf_counter() - clock, "predict_cpu": time.process_time() - begin}
    return {"learn": learnt, **spent, "items": found.items.height}


def main(argv: list[str] | None = None) -> int:
    """500,000 payments, 200,000 open items, 20,000 customers. Compiling is not counted: a small book runs first."""
    call = arguments("Learning and predicting payment dates", argv)
    run(2_000, 500, 100)
    found = measure(run, call.scaled(500_000), call.scaled(200_000), call.scaled(20_000))
    return report(call, [
        Figure("learnt, CPU", found.value["learn"], "s", at_most=240),
        Figure("predicted, on the clock", found.value["predict"], "s", at_most=30),
        Figure("predicted, CPU", found.value["predict_cpu"], "s"),
        Figure("items predicted", found.value["items"]),
        Figure("peak memory", found.peak_mb, "MB", at_most=3_000),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
