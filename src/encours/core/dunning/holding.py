"""What several gates need: the last word of a chain of events, money laid on the oldest items, working days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import Calendar, france
from encours.core.base.invariants import MONEY_PARTS
from encours.core.base.money import exponent_expr
from encours.core.dunning.known import Rules

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts


def last_events(book: Book, subject: str, kinds: Sequence[str], ended_by: Sequence[str] = ()) -> pl.DataFrame:
    """subject_id, on, kind, value: customers or items whose last event among `kinds` and `ended_by` is of `kinds`."""
    rows = book.events.filter((pl.col("subject") == subject) & pl.col("kind").is_in([*kinds, *ended_by]))
    last = rows.sort("on", maintain_order=True).unique("subject_id", keep="last", maintain_order=True)
    return last.filter(pl.col("kind").is_in(list(kinds))).select("subject_id", "on", "kind", "value")


def working_days_after(day: pl.Expr, days: int, calendar: Calendar | None = None) -> pl.Expr:
    """The day `days` working days after `day`; from a day that is not worked, counted from the last one before it."""
    closed = (calendar or france()).closed_days()
    return day.dt.add_business_days(days, holidays=closed, roll="backward")


def working_days_since(day: pl.Expr, as_of: date, calendar: Calendar | None = None) -> pl.Expr:
    """Working days in (day, as_of]."""
    closed = (calendar or france()).closed_days()
    first = day.dt.offset_by("1d")
    after = pl.lit(as_of).dt.offset_by("1d")
    return pl.business_day_count(first, after, holidays=closed)


def oldest_first(items: pl.DataFrame, money: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """item_id, *key, amount: `money` (key, amount) laid on items (item_id, key, open, due_on) from the oldest on."""
    owed = items.filter(pl.col("open") > 0).sort(*key, "due_on", "item_id")
    rows = owed.join(money, on=list(key), how="inner", maintain_order="left")
    before = pl.col("open").cum_sum().over(key) - pl.col("open")
    held = pl.min_horizontal("open", (pl.col("amount") - before).clip(lower_bound=0))
    return rows.with_columns(amount=held).filter(pl.col("amount") > 0)


def still_to_come(facts: Facts, said: pl.DataFrame, key: str) -> pl.DataFrame:
    """What was said to come (rows of `promises`), its `amount` less what was paid since on its `key` (item_id or
    customer_id); without what has come whole. An amount that is null, all that is open, stays null.

    What was paid fills what was said in the order of its days: the second payment is not the first one come again.
    """
    if said.is_empty():
        return said
    rows = said.sort(key, "due_on", "promise_id").with_columns(_size=pl.col("amount").abs())
    before = pl.col("_size").fill_null(0).cum_sum() - pl.col("_size").fill_null(0)
    rows = rows.with_columns(_before=before.over(key))
    paid = facts.book.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(MONEY_PARTS))
    whose = facts.book.items.select("item_id", "customer_id")
    paid = paid.join(whose, on="item_id").select(key, "allocated_on", _paid=pl.col("amount").abs())
    since = rows.select("promise_id", key, "made_on").join(paid, on=key)
    since = since.filter(pl.col("allocated_on") > pl.col("made_on")).group_by("promise_id").agg(pl.col("_paid").sum())
    rows = rows.join(since, on="promise_id", how="left", maintain_order="left")
    used = (pl.col("_paid").fill_null(0) - pl.col("_before")).clip(lower_bound=0)
    rows = rows.with_columns(amount=pl.col("_size") - used)
    return rows.filter((pl.col("amount") > 0).fill_null(value=True)).select(said.columns)


def owing(items: pl.DataFrame) -> pl.DataFrame:
    """The items with `owed`: what was open of them before any gate held a part (`open` is what is left)."""
    return items if "owed" in items.columns else items.with_columns(owed=pl.col("open"))


def enough(items: pl.DataFrame, money: pl.DataFrame, least: float) -> pl.DataFrame:
    """The money of payers that is, together, the share `least` of all that they owe on `items` (before any gate)."""
    key = ["payer_id", "currency"]
    total = owing(items).group_by(key).agg(_owed=pl.col("owed").sum())
    came = money.group_by(key).agg(_came=pl.col("amount").sum()).join(total, on=key)
    worth = came.filter(pl.col("_came") >= least * pl.col("_owed"))
    return money.join(worth, on=key, how="semi", maintain_order="left")


def floors(rules: Rules) -> pl.DataFrame:
    """currency, floor: below so many minor units nobody is asked for anything."""
    rows = [(currency, float(floor)) for currency, floor in rules.floors.items()]
    found = pl.DataFrame(rows, schema={"currency": pl.String, "floor": pl.Float64}, orient="row")
    return found.with_columns(floor=pl.col("floor") * pl.lit(10.0).pow(exponent_expr(pl.col("currency")).fill_null(2)))


def covered(facts: Facts, actions: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """Messages that chase and ask for no more than has come from their payer: action_id, currency, and what `money`
    says (payer_id, currency, paid in minor units, …).

    More may be asked for: less than the floor below which nobody is asked, or the credit notes that the payer took
    off, one or all of them, to the cent.
    """
    asks = actions.filter(pl.col("level") > 0).select("action_id", "currency", "amount", payer_id="customer_id")
    rows = asks.join(money, on=["payer_id", "currency"]).with_columns(_more=pl.col("amount") - pl.col("paid"))
    rows = rows.join(floors(facts.known.settings), on="currency", how="left", maintain_order="left")
    small = (pl.col("_more") <= 0) | (pl.col("_more") < pl.col("floor")).fill_null(False)
    rows = with_taken_off(rows, facts, pl.col("_more")).filter(small | pl.col("taken_off"))
    return rows.drop("amount", "payer_id", "_more", "taken_off", "floor")


def with_taken_off(rows: pl.DataFrame, facts: Facts, more: pl.Expr) -> pl.DataFrame:
    """The rows (payer_id, currency, …) with `taken_off`: whether `more` (minor units, what is asked for beyond what was
    paid) is to the cent a credit note that the payer may have taken off, or all of them."""
    notes = facts.credits.group_by(pl.coalesce("payer_id", "customer_id").alias("payer_id"), "currency").agg(
        _notes=-pl.col("open"), _all=-pl.col("open").sum()
    )
    rows = rows.join(notes, on=["payer_id", "currency"], how="left", maintain_order="left")
    found = (pl.col("_notes").list.contains(more) | (more == pl.col("_all"))).fill_null(False)
    return rows.with_columns(taken_off=found).drop("_notes", "_all")


def could_settle(items: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """item_id, amount, until_on: what each payer's money could settle of its items, no more than there is.

    `items`: item_id, payer_id, currency, open (left to hold), due_on. `money`: money_id, payer_id, currency, amount,
    until_on. An item of the very amount is what it is for (two payments of one amount: two such items, the oldest
    first); the rest is laid on the oldest items.
    """
    key = ["payer_id", "currency"]
    owed = items.filter(pl.col("open") > 0).select("item_id", *key, "open", "due_on")
    money = money.sort("until_on", "money_id")
    nth = owed.sort("due_on", "item_id").with_columns(_nth=pl.int_range(pl.len()).over(*key, "open"))
    turn = money.with_columns(_nth=pl.int_range(pl.len()).over(*key, "amount"))
    exact = turn.join(nth, left_on=[*key, "amount", "_nth"], right_on=[*key, "open", "_nth"])
    rest = money.join(exact, on="money_id", how="anti").group_by(key).agg(
        pl.col("amount").sum(), pl.col("until_on").max()
    )  # fmt: skip
    others = owed.join(exact, on="item_id", how="anti")
    columns = ["item_id", "amount", "until_on"]
    return pl.concat([exact.select(columns), oldest_first(others, rest, key).select(columns)])
