"""The customer's platform says that the payment was sent (status 211): it is a week on its way at most."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "payment_sent", 75, "watch_receipt"
OF_MONEY = True
SENTENCE = "Payment sent on {on}, says the customer's platform."

#: Calendar days that a payment is on its way at most.
DAYS = 7


def hold(facts: Facts) -> pl.DataFrame:
    """Items whose last status is 211, for a week."""
    stops = ["einvoice:207", "einvoice:208", "einvoice:210", "einvoice:212", "einvoice:213"]
    told = last_events(facts.book, "item", ["einvoice:211"], stops)
    until = pl.col("on") + timedelta(days=DAYS)
    rows = facts.items.join(told.select("on", item_id="subject_id"), on="item_id")
    return rows.select("item_id", "on", until_on=until).filter(pl.col("until_on") >= facts.as_of)
