"""The exact rule at size: a million receipts against a million open items, each receipt quoting what it pays.

Half of the receipts quote one number, a fifth quote two to five, the rest quote nothing, a wrong number or pay another
amount; numbers are written in five ways. The truth is known, so errors are counted beside the rate.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from encours.connectors.book_folder import read_book, write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions
from encours.usecases.match_receipts import match_receipts

_AS_OF = date(2026, 6, 30)
_SHARES = (0.55, 0.20, 0.15, 0.05, 0.05)  # one number, several, none, another's number, another amount


def make_book(folder: str, receipts: int, seed: int = 7) -> int:
    """Writes a book of `receipts` receipts and about as many open items, with `truth.parquet`; the number of items."""
    chance = np.random.default_rng(seed)
    pattern = chance.choice(5, size=receipts, p=_SHARES)
    quoted = np.where(pattern == 1, chance.integers(2, 6, size=receipts), 1)
    owner = np.repeat(np.arange(receipts), quoted)
    count = len(owner)
    customer = chance.integers(0, max(20, receipts // 20), size=receipts)
    items = pl.DataFrame({"owner": owner, "serial": np.arange(count), "amount": chance.integers(1_000, 900_000, count)})
    number = pl.format("FA-{}-{}", pl.lit("2026"), pl.col("serial").cast(pl.String).str.zfill(7))
    items = items.with_columns(number=number, customer_id=pl.format("E:C{}", pl.Series(customer[owner])))
    _write(folder, items, pattern, chance)
    return count


def _write(folder: str, items: pl.DataFrame, pattern: np.ndarray, chance: np.random.Generator) -> None:
    receipts = len(pattern)
    dated = {"issued_on": date(2026, 1, 15), "due_on": date(2026, 3, 15)}
    book_items = items.select(
        "customer_id", "number", "amount", item_id=pl.format("E:{}", "number"), entity_id=pl.lit("E"),
        kind=pl.lit("invoice"), currency=pl.lit("EUR"), **{name: pl.lit(day) for name, day in dated.items()},
    )  # fmt: skip
    style = chance.integers(0, 5, size=items.height)
    spelled = _spelled(items.with_columns(style=pl.Series(style)))
    texts = spelled.group_by("owner", maintain_order=True).agg(pl.col("said").str.join(" "), pl.col("amount").sum())
    shifted = np.roll(texts["said"].to_numpy(), 1)
    said = np.select(
        [pattern == 2, pattern == 3], [np.full(receipts, "VIREMENT CLIENT MERCI", dtype=object), shifted], texts["said"]
    )
    amount = texts["amount"].to_numpy() - np.where(pattern == 4, 137, 0)
    days = pl.Series(chance.integers(60, 160, size=receipts))
    lines = pl.DataFrame({"n": np.arange(receipts), "said": said.astype(str), "amount": amount}).select(
        "amount", receipt_id=pl.format("R{}", "n"), entity_id=pl.lit("E"), account=pl.lit("BANK"),
        booked_on=pl.lit(date(2026, 1, 15)) + pl.duration(days=days), currency=pl.lit("EUR"), kind=pl.lit("transfer"),
        origin=pl.lit("bank"), remittance=pl.format("VIR SEPA RECU {} REF 88{}", "said", "n"),
    )  # fmt: skip
    customers = book_items.select("customer_id").unique(maintain_order=True)
    people = customers.with_columns(entity_id=pl.lit("E"), name="customer_id", kind=pl.lit("business"))
    tables = {"items": book_items, "receipts": lines, "customers": people}
    write_book(Book.of(**{name: TABLES[name].conform(frame) for name, frame in tables.items()}), folder)
    right = items.filter(pl.Series(np.isin(items["owner"].to_numpy(), np.flatnonzero(pattern <= 1))))
    truth = right.select(receipt_id=pl.format("R{}", "owner"), item_id=pl.format("E:{}", "number"))
    truth.write_parquet(Path(folder) / "truth.parquet")


def _spelled(items: pl.DataFrame) -> pl.DataFrame:
    """Numbers as payers write them: as printed, without separators, parted by blanks or slashes, in lower case."""
    plain = pl.col("number")
    ways = [
        plain.str.replace_all("-", "", literal=True),
        plain.str.replace_all("-", " ", literal=True),
        plain.str.replace_all("-", "/", literal=True),
        plain.str.to_lowercase(),
    ]
    said = plain
    for place, way in enumerate(ways, start=1):
        said = pl.when(pl.col("style") == place).then(way).otherwise(said)
    return items.with_columns(said=said)


def match_folder(folder: str) -> dict[str, float]:
    """Parquet in, proposals in Parquet out; how many receipts were decided alone, and how many of those wrongly."""
    book, _ = read_book(Path(folder))
    proposals = match_receipts(book, _AS_OF)
    proposals.allocations.write_parquet(Path(folder) / "allocations.parquet")
    proposals.decisions.write_parquet(Path(folder) / "decisions.parquet")
    auto = proposals.decisions.filter(decision="auto").select("receipt_id")
    lines = proposals.allocations.join(auto, on="receipt_id", how="semi").select("receipt_id", "item_id")
    truth = pl.read_parquet(Path(folder) / "truth.parquet")
    wrong = lines.join(truth, on=["receipt_id", "item_id"], how="anti")["receipt_id"].n_unique()
    missing = truth.join(auto, on="receipt_id", how="semi").join(lines, on=["receipt_id", "item_id"], how="anti")
    wrong_receipts = wrong + missing["receipt_id"].n_unique()
    return {"auto": auto.height, "wrong": wrong_receipts, "payable": truth["receipt_id"].n_unique()}


def match_sample(customers: int, months: int) -> dict[str, int]:
    """The sample company with all its allocations taken away: what the exact rule gives back, and what of it is wrong.

    Another generator than `make_book`, with texts as banks cut and payers misspell them.
    """
    sample = sample_company(SampleOptions(date(2026, 10, 31), customers=customers, months=months))
    bare = sample.book.replace(allocations=TABLES["allocations"].empty())
    proposals = match_receipts(bare)
    auto = proposals.decisions.filter(decision="auto").select("receipt_id")
    cash = sample.truth["truth_allocations"].filter(kind="cash").select("receipt_id", "item_id").unique()
    lines = proposals.allocations.join(auto, on="receipt_id", how="semi").select("receipt_id", "item_id")
    stray = lines.join(cash, on=["receipt_id", "item_id"], how="anti")
    lacking = cash.join(auto, on="receipt_id", how="semi").join(lines, on=["receipt_id", "item_id"], how="anti")
    wrong = pl.concat([stray, lacking])["receipt_id"].n_unique()
    received = bare.receipts.filter(pl.col("amount") > 0).height
    return {"received": received, "auto": auto.height, "wrong": wrong}


def main(argv: list[str] | None = None) -> int:
    """Prints the rate, the memory and the errors."""
    call = arguments("Exact matching of a million receipts with a million open items", argv)
    receipts = call.scaled(1_000_000)
    with tempfile.TemporaryDirectory(prefix="encours-bench-") as folder:
        items = measure(make_book, folder, receipts).value
        run = measure(match_folder, folder)
    found = run.value
    sample = measure(match_sample, 400, max(6, call.scaled(18))).value
    return report(
        call,
        [
            Figure("receipts", receipts),
            Figure("open items", items),
            Figure("wall time", run.wall_seconds, "s"),
            Figure("CPU time", run.cpu_seconds, "s"),
            Figure("receipts a second", round(receipts / run.wall_seconds)),
            Figure("peak memory", run.peak_mb, "MB", at_most=3_000),
            Figure(
                "decided automatically, of those that quote what they pay",
                round(100 * found["auto"] / found["payable"], 2),
                "%",
            ),
            Figure("wrong among automatic", found["wrong"], at_most=0.0001 * found["auto"]),
            Figure("sample company: receipts", sample["received"]),
            Figure("sample company: decided automatically", round(100 * sample["auto"] / sample["received"], 1), "%"),
            Figure("sample company: wrong among automatic", sample["wrong"], at_most=0.0001 * sample["auto"]),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
