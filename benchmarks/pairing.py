"""A million ledger receipts and their bank lines paired: half with amounts that stand often, in two formats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from benchmarks.harness import Figure, arguments, measure, report

if TYPE_CHECKING:
    import polars as pl


def pair(count: int, seed: int = 5) -> dict[str, int]:
    """Draws a year of money for `count` ledger receipts and pairs it with the bank's lines."""
    import numpy as np
    import polars as pl

    from encours.core.base.schema import TABLES
    from encours.core.pairing import pair_receipts

    draw = np.random.default_rng(seed)
    customer = draw.integers(0, max(1, count // 50), count)
    often = draw.random(count) < 0.5
    amount = np.where(often, draw.integers(1, 40, count) * 1_000, draw.integers(1_000, 90_000_000, count))
    day = draw.integers(0, 360, count)
    start = np.datetime64(date(2025, 1, 1))
    base = pl.DataFrame({"n": np.arange(count), "customer": customer, "amount": amount, "day": start + day})
    text = pl.concat_str(pl.lit("VIR CLIENT"), pl.col("customer").cast(pl.String).str.zfill(7), separator=" ")
    shared = {"entity_id": pl.lit("E"), "currency": pl.lit("EUR"), "kind": pl.lit("transfer"), "remittance": text}
    ledger = base.select(
        **shared, receipt_id=pl.concat_str(pl.lit("L"), "n"), account=pl.lit("512100"), booked_on="day",
        amount="amount",
        origin=pl.lit("ledger"), customer_id=pl.concat_str(pl.lit("C"), "customer"), ledger_account=pl.lit("411000"),
        posted_on="day", series=pl.lit("fec"), rank=pl.lit(5, dtype=pl.Int64),
    )  # fmt: skip
    lag = pl.Series(draw.integers(0, 3, count)).cast(pl.Int64)
    bank = base.select(
        **shared, receipt_id=pl.concat_str(pl.lit("B"), "n"), account=pl.lit("FR76"), amount="amount",
        booked_on=pl.col("day") + pl.duration(days=lag), origin=pl.lit("bank"), series=pl.lit("camt"),
        rank=pl.lit(1, dtype=pl.Int64), statement_id=pl.lit("S"),
    )  # fmt: skip
    other = bank.head(count // 10).with_columns(
        pl.concat_str(pl.lit("M"), "receipt_id").alias("receipt_id"),
        series=pl.lit("mt940"),
        rank=pl.lit(2, dtype=pl.Int64),
    )
    schema = TABLES["receipts"].schema
    rows = pl.concat([frame.pipe(_whole, schema) for frame in (ledger, bank, other)])
    customers = TABLES["customers"].empty()
    done = pair_receipts(rows, TABLES["allocations"].empty(), customers)
    return {"receipts": done.receipts.height, "merged": done.merges.height}


def _whole(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    import polars as pl

    columns = [pl.col(n).cast(t) if n in frame.columns else pl.lit(None, dtype=t).alias(n) for n, t in schema.items()]
    return frame.select(*columns, "series", "rank")


def main(argv: list[str] | None = None) -> int:
    """Pairs in a process of its own and prints what it cost; there is no bar, the figure is shown."""
    call = arguments("A million ledger receipts paired with the bank's lines", argv)
    count = call.scaled(1_000_000)
    run = measure(pair, count)
    figures = [
        Figure("CPU time", run.cpu_seconds, "s"),
        Figure("peak memory", run.peak_mb, "MB"),
        Figure("wall time", run.wall_seconds, "s"),
        Figure("ledger receipts", count),
        *(Figure(name, value) for name, value in run.value.items()),
    ]
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
