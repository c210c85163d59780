"""An e-invoice that was refused (210), rejected (213), suspended (208) or disputed (207): paid once it is mended."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, last_events, nothing

_STOPPED = ("einvoice:207", "einvoice:208", "einvoice:210", "einvoice:213")
_RESUMED = ("einvoice:204", "einvoice:205", "einvoice:206", "einvoice:209", "einvoice:211", "einvoice:212")
#: Days until the customer pays what was mended, from the status and at least from now.
_DAYS, _LEAST = 37, 14


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    told = last_events(known, _STOPPED, _RESUMED)
    if told.is_empty():
        return nothing()
    until = pl.max_horizontal(pl.col("on") + timedelta(days=_DAYS), pl.lit(as_of + timedelta(days=_LEAST)))
    return told.select(
        "item_id", share=pl.lit(1.0), kept=pl.lit(0.0), early_on=until, late_on=until, until_on=until,
        measured=pl.lit(0, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name  # fmt: skip


SHIFT = Shift(
    "refused", 40, "The customer's platform stopped the invoice: nothing is expected before it is mended.", _find
)
