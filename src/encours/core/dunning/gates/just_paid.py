"""Who has just paid is not asked for less than that while nobody has said what it was for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import covered, enough

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "just_paid", 85, "apply_receipt"
OF_MONEY = True
SENTENCE = "{paid:money} of this payer came and is not applied yet: all that this asks for may be paid."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for no more than the payer's money that waits to be applied, for `unapplied_days` working days.

    Where a match leaves a rest, of the money or of an item, what it says of either is a guess, and the money counts
    whole; small differences and credit notes that it may have taken off are none (`covered`). Money that a sure match
    uses up to the cent, on whole items, holds these alone (`match_waiting`), and a request that credit notes are to the
    cent. Below `unapplied_share` of what the payer owes overdue nothing is held.
    """
    money = facts.open_money.filter(pl.col("payer_id").is_not_null())
    paid = enough(facts.overdue, money, facts.known.settings.unapplied_share).group_by("payer_id", "currency").agg(
        paid=pl.col("free").sum(), until_on=pl.col("until_on").max()
    )  # fmt: skip
    return covered(facts, actions, paid)
