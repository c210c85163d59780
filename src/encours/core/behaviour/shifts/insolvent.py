"""An insolvency of the customer: what was owed before is claimed from the court, and not expected within the year."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing

_OPENED, _CLOSED = "insolvency:opened", "insolvency:closed"
#: Days within which nothing is expected.
_DAYS = 730


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    told = known.events.filter((pl.col("subject") == "customer") & pl.col("kind").is_in([_OPENED, _CLOSED]))
    if told.is_empty():
        return nothing()
    last = told.sort("on", maintain_order=True).unique("subject_id", keep="last", maintain_order=True)
    opened = last.filter(kind=_OPENED).select("on", customer_id="subject_id")
    owed = history.join(opened, on="customer_id").filter((pl.col("open") > 0) & (pl.col("issued_on") <= pl.col("on")))
    until = pl.lit(as_of + timedelta(days=_DAYS))
    return owed.select(
        "item_id", share=pl.lit(1.0), kept=pl.lit(0.0), early_on=until, late_on=until, until_on=until,
        measured=pl.lit(0, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name  # fmt: skip


SHIFT = Shift("insolvent", 1, "The customer is insolvent: nothing is expected within the year.", _find)
