"""Money of the customer, or of nobody known yet, has come and is not applied: it could be for this."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.exact_sets import exact_sets
from encours.core.dunning.holding import could_settle, enough, owing, with_taken_off
from encours.core.dunning.whose_money import named_payers, quotes, waiting

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "unapplied_cash", 82, "apply_receipt"
#: Asked of what other gates leave: a receipt never holds what a dispute holds anyway.
OF_THE_REST = True
OF_MONEY = True
SENTENCE = "Money that could be for it has come and is not applied yet ({amount:money})."

#: Money that nobody is named for and that would fit more payers than this says nothing of any of them.
_PAYERS_MOST = 20
#: What falls due within so many days may be paid already.
_SOON_DAYS = 10
#: Items of a payer among which a run that adds up to it is looked for.
_ITEMS_MOST = 40


def hold(facts: Facts) -> pl.DataFrame:
    """What unapplied money could settle, up to its amount, for `unapplied_days` working days.

    What matches propose of it is left out. Money of a payer, or that quotes, names or comes from one: the items that it
    quotes, else those that it is exactly, its credit notes taken off (`exact_sets`), then see `could_settle`. Money of
    nobody: items of one payer that follow each other by due date and add up to it; at most _PAYERS_MOST payers are held
    by one receipt.
    """
    money = waiting(facts).with_columns(pl.col("amount") - pl.col("proposed")).filter(pl.col("amount") > 0)
    if money.is_empty():
        return money.select(item_id="money_id")
    columns = ("item_id", "entity_id", "payer_id", "currency", "open", "owed", "due_on", "number")
    every = owing(facts.items).select(columns)
    items = every.filter(pl.col("due_on") < facts.as_of)
    quoted = quotes(items, money)
    money = named_payers(facts, money, quoted)
    named = enough(items, money.filter(pl.col("payer_id").is_not_null()), facts.known.settings.unapplied_share)
    notes = facts.credits.with_columns(pl.coalesce("payer_id", "customer_id"))
    first = _quoted(facts, items, named, quoted)
    items, named = _less(items, first, "item_id", "open"), _less(named, first, "money_id", "amount")
    # A payment run takes what falls due in the next days along.
    soon = _less(every, first, "item_id", "open").filter(pl.col("due_on") <= facts.as_of + timedelta(days=_SOON_DAYS))
    whole = exact_sets(soon, named, notes)
    items, named = _less(items, whole, "item_id", "open"), _less(named, whole, "money_id", "amount")
    # A number that is quoted and not paid to the cent may be a slip: the amount says whose it may be, too.
    told = waiting(facts).filter(pl.col("payer_id").is_not_null()).select("money_id")
    sums = first.group_by("money_id").agg(_held=pl.col("amount").sum())
    settled = money.join(sums, on="money_id").filter(pl.col("_held") >= pl.col("amount")).select("money_id")
    sure = pl.concat([told, settled, whole.select("money_id")])
    parts = [first, whole, could_settle(items, named), _of_nobody(items, money.join(sure, on="money_id", how="anti"))]
    return pl.concat(part.select("item_id", "amount", "until_on") for part in parts).group_by("item_id").agg(
        pl.col("amount").sum(), pl.col("until_on").max()
    )  # fmt: skip


def _quoted(facts: Facts, items: pl.DataFrame, money: pl.DataFrame, quoted: pl.DataFrame) -> pl.DataFrame:
    """money_id, item_id, amount, until_on: the items that a receipt quotes, the oldest first, up to its amount and to
    the credit notes that it took off, all of them or one, if that is all that it quotes to the cent."""
    pairs = quoted.select("money_id", "item_id").join(money, on="money_id").join(
        items.filter(pl.col("open") > 0).select("item_id", "open", "due_on", _of="payer_id"), on="item_id"
    )  # fmt: skip
    # Two receipts that quote one item: the first one pays it.
    pairs = pairs.filter(pl.col("_of") == pl.col("payer_id")).sort("money_id", "due_on", "item_id")
    pairs = pairs.unique("item_id", keep="first", maintain_order=True)
    pairs = with_taken_off(pairs, facts, pl.col("open").sum().over("money_id") - pl.col("amount"))
    before = pl.col("open").cum_sum().over("money_id") - pl.col("open")
    held = pl.min_horizontal("open", (pl.col("amount") - before).clip(lower_bound=0))
    rows = pairs.with_columns(amount=pl.when("taken_off").then("open").otherwise(held)).filter(pl.col("amount") > 0)
    return rows.select("money_id", "item_id", "amount", "until_on")


def _less(rows: pl.DataFrame, taken: pl.DataFrame, key: str, column: str) -> pl.DataFrame:
    """Rows whose column is less by what was taken, without those of which nothing is left."""
    sums = taken.group_by(key).agg(_taken=pl.col("amount").sum())
    left = rows.join(sums, on=key, how="left", maintain_order="left")
    left = left.with_columns(pl.col(column) - pl.col("_taken").fill_null(0)).drop("_taken")
    return left.filter(pl.col(column) > 0)


def _of_nobody(items: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """item_id, amount, until_on: the items of a payer that follow each other and add up to money of nobody."""
    place = ["entity_id", "currency"]
    group = [*place, "payer_id"]
    owed = items.filter(pl.col("open") > 0).sort(*group, "due_on", "item_id")
    owed = owed.with_columns(
        _nth=pl.int_range(pl.len()).over(group), _sum=pl.col("open").cum_sum().over(group), _n=pl.len().over(group)
    ).select(*group, "item_id", "open", "_nth", "_sum", "_n")
    few = owed.filter((pl.col("_n") <= _ITEMS_MOST) | (pl.col("open").is_in(money["amount"].implode())))
    begins = few.select(*group, _from="_nth", _before=pl.col("_sum") - pl.col("open"))
    runs = begins.join(few.select(*group, _to="_nth", _sum="_sum"), on=group).filter(pl.col("_to") >= pl.col("_from"))
    sums = runs.with_columns(amount=pl.col("_sum") - pl.col("_before"))
    fits = money.drop("payer_id").join(sums, on=[*place, "amount"])
    fits = fits.filter(pl.col("payer_id").n_unique().over("money_id") <= _PAYERS_MOST)
    # Of one payer the oldest run.
    fits = fits.sort("money_id", "payer_id", "_from", "_to").unique(
        ["money_id", "payer_id"], keep="first", maintain_order=True
    )
    rows = fits.select("money_id", *group, "_from", "_to", "until_on").join(owed, on=group)
    rows = rows.filter(pl.col("_nth").is_between(pl.col("_from"), pl.col("_to")))
    return rows.select("item_id", "until_on", amount="open")
