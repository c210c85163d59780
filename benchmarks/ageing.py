"""As-of ageing of five million items and five million allocations in Parquet, equal to the auditor on a sample.

The ledger is a mature one: four years of invoices of 20,000 customers, most paid around their due date, some in two
parts, some late, a few never; the day lies three quarters in, so that a quarter of the rows are still to come.
Rows stand in the order a ledger gives them: items by date of issue, allocations by date of payment.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from encours.connectors.book_folder.write import COMPRESSION
from encours.core.base.schema import TABLES
from encours.core.metrics.ageing import aged_balance, bucket_names

ITEMS = 5_000_000
CUSTOMERS = 20_000
START, DAYS = date(2022, 1, 1), 1461
AS_OF = START + timedelta(days=DAYS * 3 // 4)
SAMPLE = 60
#: Fresh processes that are measured: machines are noisy, so the median is what is held to the bar.
RUNS = 5
NEVER, IN_TWO = 0.01, 0.01  # shares of items: as many allocations as items
_KEY = ["entity_id", "customer_id", "currency"]


def write_ledger(folder: Path, items: int, seed: int = 2026) -> None:
    """`items.parquet` and `allocations.parquet` with all columns of the Book's tables, as `write_book` writes them."""
    random = np.random.default_rng(seed)
    issued = np.sort(random.integers(0, DAYS, items))
    term = random.choice([0, 30, 45, 60], items, p=[0.05, 0.35, 0.2, 0.4])
    amount = random.lognormal(10.5, 1.2, items).astype(np.int64) + 100
    customers = max(1, min(CUSTOMERS, items // 10))
    who = np.minimum((random.random(items) ** 2 * customers).astype(np.int64), customers - 1)
    frame = pl.DataFrame({"n": np.arange(items), "who": who, "issued": issued, "term": term, "amount": amount})
    rows = frame.select(
        item_id=pl.format("552100554:FA{}", pl.col("n").cast(pl.String).str.zfill(8)),
        entity_id=pl.lit("552100554"),
        customer_id=pl.format("552100554:C{}", pl.col("who").cast(pl.String).str.zfill(6)),
        ledger_account=pl.lit("41100000"),
        number=pl.format("FA{}", pl.col("n").cast(pl.String).str.zfill(8)),
        kind=pl.lit("invoice"),
        issued_on=pl.lit(START) + pl.duration(days="issued"),
        due_on=pl.lit(START) + pl.duration(days=pl.col("issued") + pl.col("term")),
        amount="amount",
        currency=pl.when(pl.col("who") % 50 == 0).then(pl.lit("USD")).otherwise(pl.lit("EUR")),
    )
    for name, table in {"items": TABLES["items"].conform(rows), "allocations": _allocations(rows, random)}.items():
        table.write_parquet(folder / f"{name}.parquet", compression=COMPRESSION)


def _allocations(rows: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    luck = random.random(rows.height)
    delay = np.maximum(random.normal(8, 14, rows.height).astype(np.int64), -20)
    paid = rows.select("item_id", "due_on", "issued_on", "amount").with_columns(luck=pl.lit(luck), delay=pl.lit(delay))
    paid = paid.filter(pl.col("luck") >= NEVER)
    day = pl.max_horizontal(pl.col("due_on") + pl.duration(days="delay"), "issued_on")
    whole = paid.filter(pl.col("luck") >= NEVER + IN_TWO).select("item_id", "amount", allocated_on=day)
    halves = paid.filter(pl.col("luck") < NEVER + IN_TWO)
    first = halves.select("item_id", amount=pl.col("amount") // 2, allocated_on=day)
    second = halves.select(
        "item_id", amount=pl.col("amount") - pl.col("amount") // 2, allocated_on=day + pl.duration(days=30)
    )
    every = pl.concat([whole, first, second]).sort("allocated_on", maintain_order=True).with_row_index("n")
    return TABLES["allocations"].conform(
        every.select(
            "item_id",
            "amount",
            "allocated_on",
            allocation_id=pl.format("552100554:L{}", "n"),
            kind=pl.lit("cash"),
            source=pl.lit("ledger"),
        )
    )


def age(folder: str) -> list[Any]:
    """The measured call: opens the files and ages them; the sum of all totals comes back."""
    frame = aged_balance(
        pl.scan_parquet(Path(folder) / "items.parquet"),
        pl.scan_parquet(Path(folder) / "allocations.parquet"),
        pl.LazyFrame(schema=TABLES["receipts"].schema),
        AS_OF,
    )
    frame.write_parquet(Path(folder) / "aged.parquet")
    return [frame.height, int(frame["total"].sum())]


def differing(folder: Path) -> int:
    """How many customers of the sample the auditor finds otherwise."""
    from tests.core.oracle import replay

    aged = pl.read_parquet(folder / "aged.parquet")
    chosen = (
        aged.select("customer_id").unique().sort("customer_id").sample(min(SAMPLE, aged.height), seed=7).to_series()
    )
    items = pl.scan_parquet(folder / "items.parquet").filter(pl.col("customer_id").is_in(chosen.implode())).collect()
    of_them = pl.scan_parquet(folder / "allocations.parquet").join(
        items.lazy().select("item_id"), on="item_id", how="semi"
    )
    facts = {"items": items.to_dicts(), "allocations": of_them.collect().to_dicts(), "receipts": []}
    ledger = replay(facts, AS_OF, "known")
    truth: dict[tuple[str, ...], dict[str, int]] = {}
    for name, item in ledger.items.items():
        if left := int(ledger.open[name] * 100):
            row = truth.setdefault(tuple(item[key] for key in _KEY), dict.fromkeys(bucket_names(), 0))
            late = (AS_OF - item["due_on"]).days
            row[bucket_names()[0 if late <= 0 else min(4, 1 + (late - 1) // 30)]] += left
    found = {
        tuple(row[key] for key in _KEY): {name: row[name] for name in bucket_names()}
        for row in aged.filter(pl.col("customer_id").is_in(chosen.implode())).to_dicts()
    }
    return sum(truth.get(key) != found.get(key) for key in truth.keys() | found.keys())


def main(argv: list[str] | None = None) -> int:
    """Writes the ledger into a temporary folder, measures, compares, reports."""
    call = arguments("As-of ageing of a large ledger in Parquet", argv)
    with tempfile.TemporaryDirectory(prefix="encours-ageing-") as name:
        folder = Path(name)
        write_ledger(folder, call.scaled(ITEMS))
        counts = [
            pl.scan_parquet(folder / f"{t}.parquet").select(pl.len()).collect().item() for t in ("items", "allocations")
        ]
        runs = sorted((measure(age, name) for _ in range(RUNS)), key=lambda run: run.wall_seconds)
        run = runs[len(runs) // 2]
        wrong = differing(folder)
        figures = [
            Figure("items", counts[0]),
            Figure("allocations", counts[1]),
            Figure(f"wall time, median of {RUNS}", run.wall_seconds, "s", at_most=1),
            Figure("wall time, fastest", runs[0].wall_seconds, "s"),
            Figure("wall time, slowest", runs[-1].wall_seconds, "s"),
            Figure("CPU time, of the median run", run.cpu_seconds, "s"),
            Figure("peak memory, of all", max(run.peak_mb for run in runs), "MB", at_most=600),
            Figure("rows of the aged balance", run.value[0]),
            Figure(f"customers of {SAMPLE} the auditor finds otherwise", wrong, at_most=0),
        ]
        return report(call, figures, {"as_of": AS_OF.isoformat(), "total": run.value[1]})


if __name__ == "__main__":
    raise SystemExit(main())
