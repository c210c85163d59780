"""Two hundred batch files of two hundred lines each beside 200,000 open items: the stage before the search.

Four shapes: each line says which items it covers; it quotes them in its text; it names its customer only; and the
hard one, subscriptions: every batch has the same total, none is named by the bank, and all are awaited in one week.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Figure, arguments, measure, report

if TYPE_CHECKING:
    import polars as pl

    from encours.core.base.book import Book

_DAY = date(2026, 3, 2)
_LINES = 200
#: What holds the lines of a shape together, and how many of its batches must be explained (a share).
_SHAPES = {"covered": 1.0, "quoted": 1.0, "customer": 1.0, "alike": 1.0}
#: A quarter of the batches may cost at least so little of the whole.
_GROWTH = 1.5


def stage(shape: str, batches: int, items: int) -> dict[str, float]:
    """CPU seconds of reading and deciding the batches, and how many receipts they explain."""
    from encours.core.matching.asks import make_asks, make_receipts
    from encours.core.matching.batches import read_batches
    from encours.core.matching.early import Scene, decide_early
    from encours.core.matching.pool import make_items, make_pool
    from encours.core.matching.references.bytes import make_texts
    from encours.core.matching.references.keys import make_table
    from encours.core.matching.references.scan import scan
    from encours.core.matching.scope import make_scope

    book, as_of = make_book(shape, batches, items), _DAY + timedelta(days=60)
    known = book.as_of(as_of)
    scope = make_scope(known)
    owed = make_items(book, known, scope, as_of)
    numbers = make_texts(owed["number"])
    pool = make_pool(owed, numbers, scope)
    receipts = make_receipts(known, scope)
    asks, table = make_asks(receipts), make_table(owed, numbers)
    marks = scan(make_texts(receipts["text"]), asks.entity, table, pool.entity)
    people = scope.customers["customer_id"]
    read_batches(book.replace(instruments=known.instruments.head(1)), scope, owed["item_id"], table, pool)  # compiles
    began = time.process_time()
    told = read_batches(known, scope, owed["item_id"], table, pool)
    early = decide_early(told, Scene(receipts, owed, asks, pool, marks, people, pool.family_first))
    return {
        "seconds": time.process_time() - began,
        "explained": len(early.proposed),
        "proven": sum(row["posts"] for row in early.proposed),
    }


def make_book(shape: str, batches: int, items: int) -> Book:
    """Open items of one entity, the first of them under the instruments of the batches, and a credit for each batch."""
    import numpy as np
    import polars as pl

    from encours.core.base.book import Book

    count = batches * _LINES
    place = np.arange(items)
    drawn = np.random.default_rng(7).integers(1_000, 900_000, items)
    amount = np.where(place < count, 2_990, drawn) if shape == "alike" else drawn
    owed = pl.DataFrame({"n": place, "amount": amount}).with_columns(
        customer=pl.concat_str(pl.lit("E:c"), pl.when(pl.col("n") < count).then("n").otherwise(pl.col("n") % 5_000)),
        number=pl.concat_str(pl.lit("FA"), (pl.col("n") + 1_000_000).cast(pl.String)),
        batch=pl.col("n") // _LINES,
    )
    rows = owed.select(
        item_id=pl.concat_str(pl.lit("E:"), "number"), entity_id=pl.lit("E"), customer_id="customer", number="number",
        kind=pl.lit("invoice"), issued_on=pl.lit(_DAY), due_on=pl.lit(_DAY + timedelta(days=30)), amount="amount",
        currency=pl.lit("EUR"),
    )  # fmt: skip
    drawn_on = owed.head(count)
    name = pl.concat_str(pl.lit("E:P"), pl.col("batch").cast(pl.String).str.zfill(4), pl.lit(":"), "number")
    label = pl.concat_str(pl.lit("PRLV2026-"), pl.col("batch").cast(pl.String).str.zfill(4))
    sent = drawn_on.select(
        instrument_id=name, customer_id="customer", kind=pl.lit("direct_debit"), amount="amount",
        currency=pl.lit("EUR"), due_on=_due(shape), state=pl.lit("presented"), state_on=pl.lit(_DAY), batch_id=label,
    )  # fmt: skip
    covers = drawn_on.select(instrument_id=name, item_id=pl.concat_str(pl.lit("E:"), "number"), amount="amount")
    text = label if shape != "alike" else pl.lit("PRELEVEMENTS")
    money = drawn_on.group_by("batch", maintain_order=True).agg(pl.col("amount").sum()).select(
        receipt_id=pl.concat_str(pl.lit("R"), pl.col("batch").cast(pl.String).str.zfill(4)), entity_id=pl.lit("E"),
        account=pl.lit("512"), booked_on=_due(shape), amount="amount", currency=pl.lit("EUR"),
        kind=pl.lit("direct_debit"), origin=pl.lit("bank"),
        remittance=pl.concat_str(pl.lit("REM "), text, pl.lit(f" {_LINES} PRLV")),
    )  # fmt: skip
    tables: dict[str, Any] = {"items": rows, "instruments": sent, "receipts": money, "customers": _customers(rows)}
    if shape in ("covered", "alike"):
        tables["instrument_items"] = covers
    elif shape == "quoted":
        tables["events"] = _texts(drawn_on, name)
    return Book.of(**tables)


def _due(shape: str) -> pl.Expr:
    import polars as pl

    days = pl.col("batch") % (5 if shape == "alike" else 40)
    return pl.lit(_DAY) + pl.duration(days=days)


def _texts(drawn_on: pl.DataFrame, name: pl.Expr) -> pl.DataFrame:
    import polars as pl

    return drawn_on.select(
        subject=pl.lit("customer"), subject_id="customer", kind=pl.concat_str(pl.lit("instrument:"), "number"),
        on=pl.lit(_DAY), value=pl.concat_str(pl.lit("FACTURE "), "number"), detail=name,
    )  # fmt: skip


def _customers(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    one = rows.select("customer_id", "entity_id").unique("customer_id", maintain_order=True)
    return one.with_columns(name="customer_id", kind=pl.lit("business"))


def main(argv: list[str] | None = None) -> int:
    """Each shape at a quarter of the batches and at all of them; what a batch costs must not grow with their number."""
    call = arguments("Batch files beside the open items", argv)
    batches, items = call.scaled(200), call.scaled(200_000)
    figures = [Figure("batches", batches), Figure("lines", batches * _LINES), Figure("open items", items)]
    for shape, explained in _SHAPES.items():
        few = measure(stage, shape, max(1, batches // 4), items).value
        run = measure(stage, shape, batches, items)
        all_of_them = run.value
        growth = all_of_them["seconds"] / batches / (few["seconds"] / max(1, batches // 4))
        least = round(explained * batches)
        figures += [
            Figure(f"{shape}: CPU", all_of_them["seconds"], "s"),
            Figure(f"{shape}: a batch, beside a quarter of them", growth, "×", at_most=_GROWTH),
            Figure(f"{shape}: receipts explained", all_of_them["explained"], at_least=least),
            Figure(f"{shape}: of them proven", all_of_them["proven"]),
            Figure(f"{shape}: peak memory", run.peak_mb, "MB"),
        ]
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
