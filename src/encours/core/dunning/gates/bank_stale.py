"""The bank's file is missing: who paid since is not known, so nobody who pays there is reminded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.freshness import silent

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "bank_stale", 110, "import_bank"
SENTENCE = "The bank is known up to {last_on} only: somebody may have paid since."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """What an entity would send to payers whose bank account of ours has been silent for longer than usual.

    Where a payer pays is read off its lettered money; of whom none is known may pay anywhere.
    """
    late = silent(facts, "bank")
    asked = actions.select("action_id", "entity_id", "customer_id")
    whole = asked.join(late.filter(pl.col("account").is_null()).drop("account"), on="entity_id")
    some = late.filter(pl.col("account").is_not_null())
    if some.is_empty():
        return whole.select("action_id", "last_on")
    used = _used(facts)
    theirs = asked.join(used, on="customer_id").join(some, on=["entity_id", "account"])
    anywhere = asked.join(used, on="customer_id", how="anti").join(some, on="entity_id")
    rows = pl.concat([part.select("action_id", "last_on") for part in (whole, theirs, anywhere)])
    return rows.group_by("action_id").agg(pl.col("last_on").min())


def _used(facts: Facts) -> pl.DataFrame:
    """customer_id (the payer), account: the accounts of ours that lettered money of a payer has come into."""
    paid = facts.book.allocations.filter(pl.col("receipt_id").is_not_null()).select("receipt_id", "item_id").unique()
    owner = facts.book.items.select("item_id", "customer_id").join(facts.payers, on="customer_id")
    bank = facts.book.receipts.filter(pl.col("origin") == "bank").select("receipt_id", "account")
    rows = paid.join(owner, on="item_id").join(bank, on="receipt_id")
    return rows.select("account", customer_id="payer_id").unique()
