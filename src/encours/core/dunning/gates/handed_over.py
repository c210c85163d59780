"""The claim is with a collection agency, a bailiff or the court: one voice speaks to the debtor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "handed_over", 20, "ask_agency"
SENTENCE = "Handed over on {on}: nobody else writes to this debtor about it."

#: Events `handed_over:agency`, `:bailiff`, `:court`, `:insurer`… begin it, these end it.
_PREFIX, _BACK = "handed_over", ("handed_over:returned", "handed_over:closed")


def hold(facts: Facts) -> pl.DataFrame:
    """Items whose last such event hands them over, and all that a customer owed on the day it was handed over."""
    told = facts.book.events.filter(pl.col("kind").str.starts_with(_PREFIX))
    if told.is_empty():
        return told.select(item_id="subject_id")
    last = told.sort("on", maintain_order=True).unique(["subject", "subject_id"], keep="last", maintain_order=True)
    away = last.filter(~pl.col("kind").is_in(_BACK)).select("subject", "subject_id", "on")
    of_item = facts.items.join(away.filter(subject="item").select("on", item_id="subject_id"), on="item_id")
    of_customer = facts.items.join(
        away.filter(subject="customer").select("on", customer_id="subject_id"), on="customer_id"
    ).filter(pl.col("issued_on") <= pl.col("on"))
    rows = pl.concat([of_item, of_customer]).unique("item_id", keep="first", maintain_order=True)
    return rows.select("item_id", "on")
