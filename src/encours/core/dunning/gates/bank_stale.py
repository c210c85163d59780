"""The bank's file is missing: who paid since is not known, so nobody who may have paid all of it is reminded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.freshness import silent

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "bank_stale", 110, "import_bank"
OF_MONEY = True
SENTENCE = "The bank is known up to {last_on} only: somebody may have paid since."

#: From so many days with payments on, the most that a payer has paid says what it may have paid: so many times that.
_LEAST, _TIMES = 5, 2


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """What an entity would send to payers whose bank account of ours has been silent for longer than usual.

    Where a payer pays, and how much, is read off its lettered money; of whom none is known may pay anywhere and
    everything. A request for more than twice what a payer has ever paid within as many days as are missing leaves: it
    stands, whatever the missing file says. Once is too little: some payments are the largest so far.
    """
    late = silent(facts, "bank")
    asked = actions.select("action_id", "entity_id", "customer_id", "currency", "amount")
    if late.is_empty():
        return asked.select("action_id").clear()
    paid = _paid(facts)
    whole = asked.join(late.filter(pl.col("account").is_null()).drop("account"), on="entity_id")
    some = late.filter(pl.col("account").is_not_null())
    used = paid.select("customer_id", "account").unique()
    theirs = asked.join(used, on="customer_id").join(some, on=["entity_id", "account"]).drop("account")
    anywhere = asked.join(used, on="customer_id", how="anti").join(some.drop("account"), on="entity_id")
    rows = pl.concat([part.select(*asked.columns, "last_on") for part in (whole, theirs, anywhere)])
    rows = rows.group_by(asked.columns).agg(pl.col("last_on").min())
    rows = rows.join(_most(facts, paid, rows["last_on"]), on=["customer_id", "currency", "last_on"], how="left")
    return rows.filter((pl.col("amount") <= _TIMES * pl.col("most")).fill_null(True)).select("action_id", "last_on")


def _paid(facts: Facts) -> pl.DataFrame:
    """customer_id (the payer), currency, account (ours), booked_on, amount: the lettered money of each payer."""
    paid = facts.book.allocations.filter(pl.col("receipt_id").is_not_null()).select("receipt_id", "item_id", "amount")
    owner = facts.book.items.select("item_id", "customer_id", "currency").join(facts.payers, on="customer_id")
    bank = facts.book.receipts.filter(pl.col("origin") == "bank").select("receipt_id", "account", "booked_on")
    rows = paid.join(owner, on="item_id").join(bank, on="receipt_id")
    return rows.select("currency", "account", "booked_on", "amount", customer_id="payer_id")


def _most(facts: Facts, paid: pl.DataFrame, last: pl.Series) -> pl.DataFrame:
    """customer_id, currency, last_on, most: the largest sum (minor units) that a payer has paid within as many days as
    lie between `last_on` and the day; only of payers of whom _LEAST days with payments are known."""
    key = ["customer_id", "currency"]
    daily = paid.group_by(*key, "booked_on").agg(pl.col("amount").sum()).sort(*key, "booked_on")
    daily = daily.filter(pl.len().over(key) >= _LEAST)
    parts = [daily.head(0).select(*key, last_on="booked_on", most="amount")]
    for last_on in last.unique().sort():
        days = max(1, (facts.as_of - last_on).days)
        sums = daily.rolling("booked_on", period=f"{days}d", group_by=key).agg(pl.col("amount").sum())
        most = sums.group_by(key).agg(most=pl.col("amount").max())
        parts.append(most.select(*key, last_on=pl.lit(last_on), most="most"))
    return pl.concat(parts)
