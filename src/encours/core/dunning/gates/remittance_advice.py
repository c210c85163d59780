"""A remittance advice names it: its money is a few working days behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.gates.payment_announced import ADVICE
from encours.core.dunning.holding import oldest_first, owing, working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "remittance_advice", 81, "watch_receipt"
#: Asked of what other gates leave: a receipt never holds what a dispute holds anyway.
OF_THE_REST = True
OF_MONEY = True
SENTENCE = "A remittance advice of {on} announces its money."


def hold(facts: Facts) -> pl.DataFrame:
    """What advices announce: of the items they name, else of the customer's oldest items, up to their amount.

    For `unapplied_days` working days after the day of payment, and only where it is `unapplied_share` of what the payer
    owes overdue.
    """
    rules = facts.known.settings
    until = pl.min_horizontal("held_until", working_days_after(pl.col("on"), rules.unapplied_days))
    told = facts.known.expected.filter(pl.col("source") == ADVICE).with_columns(until_on=until)
    told = told.filter(pl.col("until_on") >= facts.as_of)
    items = owing(facts.items).select("item_id", "customer_id", "payer_id", "open", "owed", "due_on")
    of_item = items.join(told.filter(pl.col("item_id").is_not_null()).drop("customer_id"), on="item_id")
    of_item = of_item.with_columns(pl.min_horizontal(pl.col("amount").abs().fill_null(pl.col("open")), "open"))
    wide = told.filter(pl.col("item_id").is_null() & pl.col("amount").is_not_null())
    wide = wide.join(facts.payers, on="customer_id", how="left").group_by(
        payer_id=pl.coalesce("payer_id", "customer_id")
    ).agg(pl.col("amount").abs().sum(), pl.col("until_on", "on").max())  # fmt: skip
    columns = ["item_id", "payer_id", "amount", "until_on", "on"]
    left = items.join(of_item, on="item_id", how="anti")
    rows = pl.concat([of_item.select(columns), oldest_first(left, wide, ["payer_id"]).select(columns)])
    owed = items.filter(pl.col("due_on") < facts.as_of).group_by("payer_id").agg(pl.col("owed").sum())
    rows = rows.join(owed, on="payer_id", how="left")
    rows = rows.filter(pl.col("amount").sum().over("payer_id") >= rules.unapplied_share * pl.col("owed").fill_null(0))
    return rows.group_by("item_id").agg(pl.col("amount").sum(), pl.col("until_on", "on").max())
