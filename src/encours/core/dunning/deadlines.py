"""The days that no waiting may pass: limitation by law, and what an insurer or a factor has set."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.terms.limitation import BUSINESS, CONSUMER, PUBLIC

#: Years after the due date in which a claim lapses at the earliest, by the buyer's kind.
_YEARS = {"business": BUSINESS.years, "consumer": CONSUMER.years, "public": PUBLIC.years}
#: Events on an item that set a day: `deadline:insurer`, `deadline:factor` and the like; their `on` is the day.
_SET = "deadline:"


def deadlines(book: Book, item_ids: pl.Series) -> pl.DataFrame:
    """item_id, deadline_on: the first deadline of each of the items. Takes a Book with one row an id."""
    kinds = book.customers.select("customer_id", buyer="kind")
    rows = book.items.filter(pl.col("item_id").is_in(item_ids.implode())).select("item_id", "customer_id", "due_on")
    rows = rows.join(kinds, on="customer_id", how="left")
    years = pl.col("buyer").replace_strict(_YEARS, default=BUSINESS.years, return_dtype=pl.Int64)
    lapses = rows.select("item_id", deadline_on=pl.col("due_on").dt.offset_by(pl.format("{}y", years)))
    set_by = book.events.filter(
        (pl.col("subject") == "item") & pl.col("kind").str.starts_with(_SET)
        & pl.col("subject_id").is_in(item_ids.implode())
    ).select(item_id="subject_id", deadline_on="on")  # fmt: skip
    return pl.concat([lapses, set_by]).group_by("item_id").agg(pl.col("deadline_on").min())
