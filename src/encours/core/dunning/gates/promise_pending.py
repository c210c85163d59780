"""Payment is promised or agreed in instalments: until its date and the days of grace nobody asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import oldest_first, still_to_come, working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "promise_pending", 65, "watch_promise"
OF_MONEY = True
SENTENCE = "Payment is promised for {promised_on}."

_KINDS = ("promise", "instalment")
_ALL = 2**62
_COLUMNS = ("item_id", "amount", "until_on", "promised_on")


def hold(facts: Facts) -> pl.DataFrame:
    """What standing promises cover: of their item, or of the customer's oldest items up to their amount (none: all).

    Of several promises for one item the one made last counts, of instalments all. What was paid since it was promised,
    on the item or, of one that names none, by the customer, is no longer promised.
    """
    standing = _standing(facts)
    items = facts.items.select("item_id", "customer_id", "open", "due_on")
    of_item = _of_items(facts, standing.filter(pl.col("item_id").is_not_null()))
    wide = standing.filter(pl.col("item_id").is_null()).rename({"due_on_promise": "due_on"})
    wide = still_to_come(facts, wide, "customer_id").rename({"due_on": "due_on_promise"}).group_by("customer_id").agg(
        pl.when(pl.col("amount").null_count() == 0).then(pl.col("amount").abs().sum()).otherwise(_ALL),
        pl.col("until_on").max(), promised_on=pl.col("due_on_promise").max(),
    )  # fmt: skip
    of_customer = oldest_first(items, wide, ["customer_id"])
    return pl.concat([of_item.select(_COLUMNS), of_customer.select(_COLUMNS)]).group_by("item_id").agg(
        pl.col("amount").sum(), pl.col("until_on", "promised_on").max()
    )  # fmt: skip


def _standing(facts: Facts) -> pl.DataFrame:
    made = facts.book.promises.filter(pl.col("kind").is_in(_KINDS) & (pl.col("made_on") <= facts.as_of))
    made = made.rename({"due_on": "due_on_promise"}).sort("made_on", "promise_id")
    one = (pl.col("kind") == "promise") & pl.col("item_id").is_not_null()
    last = made.filter(one).unique("item_id", keep="last", maintain_order=True)
    # Working days: what is paid on a Friday is seen on Monday.
    until = working_days_after(pl.col("due_on_promise"), facts.known.settings.promise_grace)
    return pl.concat([last, made.filter(~one)]).with_columns(until_on=until).filter(pl.col("until_on") >= facts.as_of)


def _of_items(facts: Facts, standing: pl.DataFrame) -> pl.DataFrame:
    """The promises of single items with what is still to come of them."""
    paid = facts.book.allocations.filter(pl.col("item_id").is_in(standing["item_id"].implode()))
    since = standing.select("promise_id", "item_id", "made_on").join(
        paid.select("item_id", "allocated_on", _paid=pl.col("amount").abs()), on="item_id"
    )
    since = since.filter(pl.col("allocated_on") > pl.col("made_on")).group_by("promise_id").agg(pl.col("_paid").sum())
    rows = facts.items.select("item_id", "open").join(standing, on="item_id").join(since, on="promise_id", how="left")
    rows = rows.join(_before(facts), on="promise_id", how="left")
    # What was paid fills the instalments in the order of their days: the next one is not paid by the one before.
    used = (pl.col("_paid").fill_null(0) - pl.col("_before").fill_null(0)).clip(lower_bound=0)
    left = pl.col("amount").abs() - used
    rows = rows.with_columns(amount=pl.coalesce(left, "open"), promised_on="due_on_promise")
    return rows.filter(pl.col("amount") > 0)


def _before(facts: Facts) -> pl.DataFrame:
    """promise_id, _before: what the instalments of the same item that are due earlier come to."""
    parts = facts.book.promises.filter((pl.col("kind") == "instalment") & pl.col("item_id").is_not_null())
    parts = parts.sort("item_id", "due_on", "promise_id").with_columns(_size=pl.col("amount").abs().fill_null(0))
    return parts.select("promise_id", _before=(pl.col("_size").cum_sum() - pl.col("_size")).over("item_id"))
