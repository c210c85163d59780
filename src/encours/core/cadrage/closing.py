"""An arrêté: what stood open at a month's end, in a form that can be sealed and compared with later."""

from __future__ import annotations

import hashlib

import polars as pl

from encours.core.base.book import Book

#: One row an open item or an unapplied receipt. Amounts in minor units of `currency`, debit positive.
SEALED = {
    "subject": pl.String(),  # item or receipt
    "subject_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),  # null: money of an unknown payer
    "label": pl.String(),  # the item's number, the receipt's payer
    "dated_on": pl.Date(),  # due date, booking day
    "currency": pl.String(),
    "open": pl.Int64(),
}
_KEY = ["subject", "subject_id"]


def open_positions(book: Book) -> pl.DataFrame:
    """What stands open in a Book that was read `as_booked` on the closing day; columns of SEALED, in a fixed order."""
    items = book.open_items().select(
        pl.lit("item").alias("subject"),
        pl.col("item_id").alias("subject_id"),
        "entity_id",
        "customer_id",
        pl.col("number").alias("label"),
        pl.col("due_on").alias("dated_on"),
        "currency",
        "open",
    )
    receipts = book.unapplied_receipts().select(
        pl.lit("receipt").alias("subject"),
        pl.col("receipt_id").alias("subject_id"),
        "entity_id",
        "customer_id",
        pl.coalesce("payer_name", "remittance", "receipt_id").alias("label"),
        pl.col("booked_on").alias("dated_on"),
        "currency",
        -pl.col("unapplied").alias("open"),
    )
    return pl.concat([items, receipts]).filter(pl.col("open") != 0).select(list(SEALED)).sort(_KEY)


def seal_digest(positions: pl.DataFrame) -> str:
    """SHA-256 of sealed positions: the same rows give the same digest on any machine."""
    lines = positions.select(list(SEALED)).sort(_KEY).write_csv()
    return hashlib.sha256(lines.encode()).hexdigest()


def changes_since(sealed: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What moved on a closed day after it was sealed: SEALED's columns with `sealed`, `now` and `change`.

    Both frames are open positions of the same day by accounting date. Largest change first.
    """
    describing = [name for name in SEALED if name not in (*_KEY, "open")]
    both = sealed.rename({"open": "sealed"}).join(
        now.rename({"open": "now"}), on=_KEY, how="full", coalesce=True, suffix="_now"
    )
    change = pl.col("now").fill_null(0) - pl.col("sealed").fill_null(0)
    return (
        both.with_columns(pl.coalesce(f"{name}_now", name).alias(name) for name in describing)
        .with_columns(pl.col("sealed", "now").fill_null(0), change=change)
        .filter(pl.col("change") != 0)
        .select(*_KEY, *describing, "sealed", "now", "change")
        .sort(pl.col("change").abs(), *_KEY, descending=[True, False, False])
    )
