"""We owe the customer a credit note on it: nobody pays what will be cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "credit_note_to_come", 45, "issue_credit_note"
SENTENCE = "A credit note was granted on {on} and is not there yet."

_GRANTED, _ENDED = "credit_note:to_come", ("credit_note:issued", "credit_note:refused")
#: Outcomes of a dispute that end in a credit note.
_IN_FAVOUR = ("credit", "credit_note", "credited", "split")
#: A credit note that took longer than this is not coming: whoever promised it is asked, the claim is chased again.
DAYS = 30


def hold(facts: Facts) -> pl.DataFrame:
    """What a dispute that ended for the customer, or an event on the item (`value`: minor units, none: all), says.

    A dispute's part is no longer to come once credit or a write-off of that amount stands on the item since.
    """
    since = facts.as_of - timedelta(days=DAYS)
    told = last_events(facts.book, "item", [_GRANTED], _ENDED).filter(pl.col("on") >= since)
    told = told.select("on", item_id="subject_id", amount=pl.col("value").cast(pl.Int64, strict=False))
    closed = facts.book.disputes.filter(
        (pl.col("closed_on") >= since) & (pl.col("closed_on") <= facts.as_of)
        & pl.col("outcome").str.to_lowercase().is_in(_IN_FAVOUR)
    ).select("item_id", "opened_on", on="closed_on", amount=pl.col("amount").abs())  # fmt: skip
    given = facts.book.allocations.filter(pl.col("kind").is_in(["credit", "write_off"])).select(
        "item_id", "allocated_on", given=pl.col("amount").abs()
    )
    settled = closed.join(given, on="item_id").filter(pl.col("allocated_on") >= pl.col("opened_on"))
    settled = settled.group_by("item_id").agg(pl.col("given").sum())
    left = closed.group_by("item_id").agg(pl.col("on").max(), pl.col("amount").sum())
    left = left.join(settled, on="item_id", how="left").with_columns(pl.col("amount") - pl.col("given").fill_null(0))
    rows = pl.concat([told, left.filter(pl.col("amount") > 0).select("on", "item_id", "amount")])
    whole = pl.col("amount").null_count() > 0
    rows = rows.group_by("item_id").agg(
        pl.col("on").max(), amount=pl.when(whole).then(None).otherwise(pl.col("amount").sum())
    )
    rows = facts.items.select("item_id").join(rows, on="item_id")
    return rows.with_columns(until_on=pl.col("on") + timedelta(days=DAYS))
