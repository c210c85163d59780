"""The days that no waiting may pass: limitation by law, and what an insurer or a factor has set."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book

#: Years after the due date in which a claim is barred (C. com. L110-4; C. conso. L218-2; loi 68-1250 art. 1).
_YEARS = {"business": 5, "consumer": 2, "public": 4}
#: Events on an item that set a day: `deadline:insurer`, `deadline:factor` and the like; their `on` is the day.
_SET = "deadline:"


def deadlines(known: Book) -> pl.DataFrame:
    """item_id, deadline_on: for every item of a Book as known on a day the deadlines that it has."""
    kinds = known.customers.select("customer_id", "kind").unique("customer_id", keep="last")
    items = known.items.select("item_id", "customer_id", "due_on").join(kinds, on="customer_id", how="left")
    years = pl.col("kind").replace_strict(_YEARS, default=_YEARS["business"], return_dtype=pl.Int64)
    barred = items.filter(pl.col("due_on").is_not_null()).select(
        "item_id", deadline_on=pl.col("due_on").dt.offset_by(pl.format("{}y", years))
    )
    events = known.events.filter((pl.col("subject") == "item") & pl.col("kind").str.starts_with(_SET))
    return pl.concat([barred, events.select(item_id="subject_id", deadline_on="on")])
