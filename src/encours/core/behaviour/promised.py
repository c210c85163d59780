"""Promises to pay an item, judged one by one: what each named, what came of it by its day, what it still waits for.

An instalment, or a promise of a part, is about its own amount alone: it is kept once that much has come, and it moves
no more than that.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.promises import MONEY_SCHEMA, PROMISED_SCHEMA, SETTLED_SCHEMA, judge

#: A promise counts as kept up to so many days after its date.
GRACE_DAYS = 3


def judged_promises(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """promise_id, item_id, payer_id, made_on, due_on; `left` of it (minor units, no more than is open of the item);
    `open` of the item; `past`: its day and the days of grace are over; `kept`: all of it came by then, whatever else
    of the item is open. Promises of items of `history` (HISTORY_SCHEMA) alone.
    """
    items = history.select("item_id", "payer_id", "currency", "open")
    rows = known.promises.filter(pl.col("item_id").is_not_null() & (pl.col("made_on") <= as_of))
    rows = rows.join(items, on="item_id", how="inner", maintain_order="left")
    last = pl.col("due_on") + timedelta(days=GRACE_DAYS)
    asked = rows.with_columns(payer="payer_id", held_until=last).select(*PROMISED_SCHEMA)
    owed = dict(items.join(rows, on="item_id", how="semi").select("item_id", "open").iter_rows())
    settled = _settled(known, rows["item_id"].unique())
    verdict = judge(asked, owed, settled, pl.DataFrame(schema=MONEY_SCHEMA), as_of, as_of)
    rows = rows.join(verdict, on="promise_id", how="inner", maintain_order="left")
    wanted = pl.col("amount").abs() - pl.col("paid")
    return rows.select(
        "promise_id", "item_id", "payer_id", "made_on", "due_on", "open",
        left=pl.min_horizontal(pl.coalesce(wanted, "open"), "open").clip(0),
        past=last < as_of,
        kept=pl.col("state") == "kept",
    )  # fmt: skip


def _settled(known: Book, items: pl.Series) -> pl.DataFrame:
    """SETTLED_SCHEMA of the items: money on the day the bank booked it, what snapshots enclose in their middle."""
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("item_id").is_in(items.implode()))
    booked = known.receipts.select("receipt_id", "booked_on")
    rows = letters.join(booked, on="receipt_id", how="left", maintain_order="left")
    middle = pl.col("earliest_on") + (pl.col("allocated_on") - pl.col("earliest_on")) / 2
    between = (pl.col("kind") == "ledger") & (pl.col("earliest_on") < pl.col("allocated_on")).fill_null(False)
    return rows.select(
        "item_id", "amount",
        proof="allocation_id", customer_id=pl.lit(""),
        on=pl.coalesce("booked_on", pl.when(between).then(middle), "allocated_on"),
    ).select(pl.col(name).cast(dtype) for name, dtype in SETTLED_SCHEMA.items())  # fmt: skip
