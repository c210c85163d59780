"""The neutral folder between the benchmark and a product: what it may read, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from encours.core.base.book import Book

ANSWER_SCHEMA = {
    "receipt_id": pl.String,
    "item_id": pl.String,
    "amount": pl.String,
    "decision": pl.String,
    "confidence": pl.Float64,
}


def write_exchange(book: Book, folder: Path) -> None:
    """`receipts.csv` and `items.csv`: amounts as decimals with a point, dates ISO, nothing of the truth.

    `first_number` helps products that want a reference field: the first thing in the text that has the shape of an
    item's number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = book.customers.select("customer_id", customer_name="name")
    items = book.items.join(names, on="customer_id", how="left").select(
        "item_id", "entity_id", "customer_id", "customer_name", "number", "kind", "issued_on", "due_on",
        _decimal("amount"), "currency",
    )  # fmt: skip
    shape = shapes_of(book.items["number"].to_list())
    first = pl.col("remittance").map_elements(lambda text: first_number(text, shape), return_dtype=pl.String)
    receipts = book.receipts.select(
        "receipt_id", "entity_id", date="booked_on", amount=_decimal("amount"), currency="currency",
        payer_name="payer_name", payer_account="payer_account", text="remittance", end_to_end_id="end_to_end_id",
        first_number=first,
    )  # fmt: skip
    items.write_csv(folder / "items.csv")
    receipts.write_csv(folder / "receipts.csv")


def shapes_of(numbers: Iterable[str]) -> re.Pattern[str]:
    """A pattern for everything that looks like one of the numbers: as many letters and digits, the same signs."""
    shapes = {re.sub(r"[0-9]", "9", re.sub(r"[A-Z]", "A", number)) for number in numbers}
    ways = {"9": "[0-9]", "A": "[A-Z]"}
    bodies = ("".join(ways.get(sign, re.escape(sign)) for sign in one) for one in sorted(shapes, key=len, reverse=True))
    return re.compile(rf"(?<![A-Z0-9])(?:{'|'.join(bodies)})(?![A-Z0-9])")


def first_number(text: str, shape: re.Pattern[str]) -> str | None:
    """The first thing in a text that has the shape of a number; None where there is none."""
    found = shape.search(text.upper())
    return found.group() if found else None


def _decimal(name: str) -> pl.Expr:
    """Minor units of a currency with two decimals, as text."""
    size = pl.col(name).abs()
    whole, cents = (size // 100).cast(pl.String), (size % 100).cast(pl.String).str.zfill(2)
    sign = pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str([sign, whole, pl.lit("."), cents]).alias(name)


def read_answers(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`allocations` and `decisions` for the scorer from a product's proposals.csv.

    Columns: receipt_id, item_id, amount (decimal, what is taken off the item, in its sign), decision (auto or review;
    empty: review), confidence (may be empty). Raises ValueError naming the columns that are lacking.
    """
    rows = pl.read_csv(path, schema_overrides=ANSWER_SCHEMA)
    if lacking := [name for name in ANSWER_SCHEMA if name not in rows.columns]:
        raise ValueError(f"{path} lacks {', '.join(lacking)}")
    minor = (pl.col("amount").str.to_decimal(scale=2) * 100).cast(pl.Int64)
    decided = pl.when((pl.col("decision") == "auto").fill_null(False).all()).then(pl.lit("auto"))
    decisions = rows.group_by("receipt_id").agg(
        decision=decided.otherwise(pl.lit("review")), confidence=pl.col("confidence").min()
    )
    return rows.select("receipt_id", "item_id", amount=minor), decisions
