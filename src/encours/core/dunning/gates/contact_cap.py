"""Enough for this week: a customer who is written to every day stops reading."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.contacts import contacts
from encours.core.dunning.scenario import ORDER_HOLD

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "contact_cap", 130, None
SENTENCE = "{made} contacts within {days} days: enough until {until_on}."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """All to a paying group with `cap` contacts in the last `cap_days` days, until one of them is as old as that."""
    rules = facts.known.settings
    since = facts.as_of - timedelta(days=rules.cap_days)
    made = contacts(facts).filter((pl.col("sent_on") > since) & (pl.col("sent_on") <= facts.as_of)).sort("sent_on")
    of = made.group_by("payer_id", maintain_order=True).agg(
        made=pl.len(), _on=pl.col("sent_on").slice(-rules.cap, 1).first()
    )
    full = of.filter(pl.col("made") >= rules.cap).select(
        "made", days=pl.lit(rules.cap_days), customer_id="payer_id",
        until_on=pl.col("_on") + timedelta(days=rules.cap_days - 1),
    )  # fmt: skip
    told = actions.filter(pl.col("channel") != ORDER_HOLD)  # a proposal of ours reaches nobody there
    return told.select("action_id", "customer_id").join(full, on="customer_id")
