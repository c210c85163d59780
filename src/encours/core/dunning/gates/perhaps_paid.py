"""Money came that may be this payer's: its text, name or account fits a few, and nobody has said whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import covered
from encours.core.dunning.whose_money import perhaps

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "perhaps_paid", 86, "apply_receipt"
OF_MONEY = True
SENTENCE = "{paid:money} came that may be this payer's and is not applied yet: all that this asks for may be paid."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for no more than money of nobody that may be the payer's, for `unapplied_days` working days."""
    money = facts.open_money.filter(pl.col("payer_id").is_null() & (pl.col("free") > 0)).drop("payer_id")
    if money.is_empty():
        return actions.select("action_id").clear()
    theirs = money.join(perhaps(facts, money), on="money_id").group_by("payer_id", "currency").agg(
        paid=pl.col("amount").sum(), until_on=pl.col("until_on").max()
    )  # fmt: skip
    return covered(facts, actions, theirs)
