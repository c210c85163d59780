"""The payer pays late, as always, and its usual day is near: a reminder would bring nothing but annoyance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.deadlines import deadlines

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "payment_expected", 90, None
OF_MONEY = True
SENTENCE = "Expected by {until_on}, as this payer always pays: left alone until then."

_LEAVE_ALONE = "leave_alone"


def hold(facts: Facts) -> pl.DataFrame:
    """Items left alone by their payer's habit, where that ends within `habit_days`: so long it holds at most.

    Never past the day before a deadline: limitation, what an insurer or a factor has set.
    """
    day = facts.as_of
    alone = facts.known.flags.filter((pl.col("flag") == _LEAVE_ALONE) & (pl.col("until_on") >= day))
    near = alone.filter(pl.col("until_on") <= day + timedelta(days=facts.known.settings.habit_days))
    rows = facts.items.select("item_id").join(near.select("item_id", "until_on"), on="item_id")
    rows = rows.join(deadlines(facts.book, rows["item_id"]), on="item_id", how="left")
    until = pl.min_horizontal("until_on", pl.col("deadline_on") - timedelta(days=1))
    return rows.with_columns(until_on=until).filter(pl.col("until_on") >= day)
