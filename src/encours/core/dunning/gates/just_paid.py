"""Who has just paid is not asked for less than that while nobody has said what it was for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import enough
from encours.core.dunning.whose_money import named_payers, quotes, waiting

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "just_paid", 85, "apply_receipt"
SENTENCE = "{paid:money} of this payer came and is not applied yet: all that this asks for may be paid."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for no more than the payer's money that waits to be applied, for `unapplied_days` working days.

    Where a match leaves a rest, of the money or of an item, what it says of either is a guess, and the money counts
    whole. Money that a match uses up to the cent, on whole items, holds these alone (`match_waiting`). Below
    `unapplied_share` of what the payer owes overdue nothing is held.
    """
    asks = actions.filter(pl.col("level") > 0).select("action_id", "currency", "amount", payer_id="customer_id")
    money = waiting(facts).join(_placed(facts), on="money_id", how="anti", maintain_order="left")
    if money.is_empty() or asks.is_empty():
        return asks.select("action_id").clear()
    money = _of_payers(facts, money)
    paid = enough(facts.overdue, money, facts.known.settings.unapplied_share).group_by("payer_id", "currency").agg(
        paid=pl.col("amount").sum(), until_on=pl.col("until_on").max()
    )  # fmt: skip
    rows = asks.join(paid, on=["payer_id", "currency"])
    return rows.filter(pl.col("amount") <= pl.col("paid")).select("action_id", "paid", "until_on")


def _placed(facts: Facts) -> pl.DataFrame:
    """money_id: receipts that proposed matches use up to the cent, each item whole."""
    taken = facts.known.proposals.join(facts.items.select("item_id", "open"), on="item_id", how="left")
    sums = taken.group_by(money_id="receipt_id").agg(
        _taken=pl.col("amount").sum(), _whole=(pl.col("amount") == pl.col("open")).fill_null(False).all()
    )
    rows = facts.unapplied.select(money_id="receipt_id", left="unapplied").join(sums, on="money_id")
    return rows.filter(pl.col("_whole") & (pl.col("_taken") == pl.col("left"))).select("money_id")


def _of_payers(facts: Facts, money: pl.DataFrame) -> pl.DataFrame:
    """The money whose payer is known: it bears one, names one, or a match proposes one."""
    money = named_payers(facts, money, quotes(facts.overdue, money))
    proposed = facts.known.proposals.filter(pl.col("amount") > 0).join(
        facts.items.select("item_id", _proposed="payer_id"), on="item_id"
    )
    # A match may pay items of several payers: it tells of one only where it names no other.
    one = proposed.group_by("receipt_id").agg(pl.col("_proposed").unique()).filter(pl.col("_proposed").list.len() == 1)
    one = one.select(money_id="receipt_id", _proposed=pl.col("_proposed").list.first())
    rows = money.join(one, on="money_id", how="left").with_columns(payer_id=pl.coalesce("payer_id", "_proposed"))
    return rows.filter(pl.col("payer_id").is_not_null())
