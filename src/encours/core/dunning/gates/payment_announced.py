"""The customer says that the money is on its way: until that day and some working days nobody asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import oldest_first, still_to_come, working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "payment_announced", 70, "watch_receipt"
OF_MONEY = True
SENTENCE = "Payment is announced for {on}."

#: Remittance advices have a gate of their own.
ADVICE = "advice"
_ALL = 2**62


def hold(facts: Facts) -> pl.DataFrame:
    """What was announced and has not come yet: of its item, or of the customer's oldest items up to its amount (none:
    all)."""
    rows = pl.concat([_told(facts), _promised(facts)]).filter(pl.col("until_on") >= facts.as_of)
    items = facts.items.select("item_id", "customer_id", "open", "due_on")
    of_item = items.select("item_id", "open").join(rows.filter(pl.col("item_id").is_not_null()), on="item_id")
    of_item = of_item.with_columns(pl.col("amount").fill_null(pl.col("open")))
    wide = rows.filter(pl.col("item_id").is_null() & pl.col("customer_id").is_not_null())
    wide = wide.group_by("customer_id").agg(
        pl.when(pl.col("amount").null_count() == 0).then(pl.col("amount").sum()).otherwise(_ALL),
        pl.col("until_on", "on").max(),
    )
    columns = ["item_id", "amount", "until_on", "on"]
    of_customer = oldest_first(items, wide, ["customer_id"]).select(columns)
    return pl.concat([of_item.select(columns), of_customer]).group_by("item_id").agg(
        pl.col("amount").sum(), pl.col("until_on", "on").max()
    )  # fmt: skip


def _told(facts: Facts) -> pl.DataFrame:
    told = facts.known.expected.filter((pl.col("source") != ADVICE).fill_null(True))
    until = pl.coalesce("held_until", working_days_after(pl.col("on"), facts.known.settings.announced_days))
    return told.select("customer_id", "item_id", pl.col("amount").abs(), "on", until_on=until)


def _promised(facts: Facts) -> pl.DataFrame:
    made = facts.book.promises.filter((pl.col("kind") == "payment_announced") & (pl.col("made_on") <= facts.as_of))
    made = made.with_columns(until_on=working_days_after(pl.col("due_on"), facts.known.settings.announced_days))
    made = made.filter(pl.col("until_on") >= facts.as_of)
    named, wide = made.filter(pl.col("item_id").is_not_null()), made.filter(pl.col("item_id").is_null())
    left = pl.concat([still_to_come(facts, named, "item_id"), still_to_come(facts, wide, "customer_id")])
    return left.select("customer_id", "item_id", pl.col("amount").abs(), pl.col("due_on").alias("on"), "until_on")
