"""A retention that is not released: due by its date in the ledger, not by law.

It falls due a year after acceptance of the works at the latest, unless the buyer opposes (loi 71-584, art. 2); until
then a ledger's due date is that of the invoice it was kept from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "retention", 55, "release_retention"
SENTENCE = "Retention not released before {free_on}."

_RELEASED, _OPPOSED = "retention:released", "retention:opposed"


def hold(facts: Facts) -> pl.DataFrame:
    """Retentions (kind, or account 4117) whose year is not over and that no event releases, and those opposed."""
    account = pl.col("ledger_account").fill_null("").str.starts_with("4117")
    kept = facts.items.filter((pl.col("kind") == "retention") | account)
    last = last_events(facts.book, "item", [_OPPOSED, _RELEASED]).select(word="kind", item_id="subject_id")
    rows = kept.join(last, on="item_id", how="left").with_columns(
        free_on=pl.max_horizontal("due_on", pl.col("issued_on").dt.offset_by("1y"))
    )
    opposed = (pl.col("word") == _OPPOSED).fill_null(False)
    waits = pl.col("word").is_null() & (pl.col("free_on") >= facts.as_of)
    said = pl.when(opposed).then(pl.lit("the buyer lifts its reserves")).otherwise(pl.col("free_on").cast(pl.String))
    until = pl.when(~opposed).then("free_on")
    return rows.filter(opposed | waits).select("item_id", until_on=until, free_on=said)
