"""The customer's platform refused, rejected, suspended or disputed the e-invoice: it is not payable as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.einvoices import RESUMED, STOPPED
from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "einvoice_stopped", 50, "mend_einvoice"
SENTENCE = "E-invoice {word} on {on}: mend it first."


def hold(facts: Facts) -> pl.DataFrame:
    """Items whose last status stops them, wholly: another invoice or a completed one begins anew."""
    told = last_events(facts.book, "item", list(STOPPED), RESUMED)
    rows = facts.items.join(told.select("on", "kind", item_id="subject_id"), on="item_id", suffix="_event")
    return rows.select("item_id", "on", word=pl.col("kind_event").replace_strict(STOPPED, return_dtype=pl.String))
