"""An open credit note or advance of the customer could be set against it: people are asked for what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import could_settle, enough, working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "open_credit", 83, "set_off_credit"
#: Asked of what other gates leave: a receipt never holds what a dispute holds anyway.
OF_THE_REST = True
SENTENCE = "An open credit of the customer could be set against it ({amount:money})."


def hold(facts: Facts) -> pl.DataFrame:
    """What open credit notes and advances could settle, up to their amount, for `unapplied_days` working days."""
    seen = pl.coalesce("known_on", "issued_on")
    rules = facts.known.settings
    notes = facts.credits.filter(seen >= facts.as_of - timedelta(days=14 + 2 * rules.unapplied_days))
    proposed = facts.known.proposals.filter(pl.col("amount") < 0).group_by("item_id").agg(_taken=pl.col("amount").sum())
    notes = notes.join(proposed, on="item_id", how="left")
    money = notes.select(
        pl.coalesce("payer_id", "customer_id").alias("payer_id"), "currency", money_id="item_id",
        amount=pl.col("_taken").fill_null(0) - pl.col("open"), until_on=working_days_after(seen, rules.unapplied_days),
    ).filter((pl.col("amount") > 0) & (pl.col("until_on") >= facts.as_of))  # fmt: skip
    overdue = facts.items.filter(pl.col("due_on") < facts.as_of)
    rows = could_settle(overdue, enough(overdue, money, rules.unapplied_share))
    return rows.group_by("item_id").agg(pl.col("amount").sum(), pl.col("until_on").max())
