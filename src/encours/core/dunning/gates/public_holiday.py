"""A public holiday, ours or the customer's: nobody reads it, nobody can pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.days import bank_calendar

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "public_holiday", 120, None
WAITS = True
SENTENCE = "A public holiday: it leaves on the next working day."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """All on a public holiday of the rules' country; to customers of another country on theirs."""
    ours = facts.known.settings.country
    who = facts.book.customers.select("customer_id", "country").unique("customer_id", keep="last")
    rows = actions.select("action_id", "customer_id").join(who, on="customer_id", how="left")
    codes = [code for code in rows["country"].drop_nulls().unique() if facts.as_of in bank_calendar(code).closed]
    closed = pl.lit(ours is not None and facts.as_of in bank_calendar(ours).closed)
    rows = rows.filter(closed | pl.col("country").is_in(codes).fill_null(False))
    return rows.select("action_id", until_on=pl.lit(facts.as_of))
