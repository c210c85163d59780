"""A deposit of many payers' cheques, drafts or cards is not broken down yet, and this payer pays that way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import covered

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "deposit_waiting", 87, "apply_receipt"
OF_MONEY = True
SENTENCE = "{name} of {paid:money} is not broken down yet: this payer pays that way, and all of this may be in it."

#: The bank shows one line for many payers.
_NAMES = {
    "cheque": "A cheque deposit", "draft": "A deposit of drafts", "direct_debit": "A direct debit collection",
    "card": "A card settlement",
}  # fmt: skip
#: A payer's last payments: if one of them came that way, the next may.
_LAST = 5
#: A deposit in which more payers than this may be says nothing of any of them.
_PAYERS_MOST = 20


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """Requests for no more than a deposit of nobody, of payers that pay that way, for `unapplied_days` working days."""
    money = facts.open_money.filter(
        pl.col("payer_id").is_null() & (pl.col("free") > 0) & pl.col("kind").is_in(list(_NAMES))
    )
    if money.is_empty():
        return actions.select("action_id").clear()
    deposits = money.group_by("entity_id", "currency", "kind").agg(
        paid=pl.col("amount").sum(), until_on=pl.col("until_on").max()
    )  # fmt: skip
    asked = actions.select("entity_id", "currency", payer_id="customer_id").unique()
    theirs = deposits.join(asked.join(_ways(facts), on="payer_id"), on=["entity_id", "currency", "kind"])
    rows = covered(facts, actions, theirs)
    few = rows.filter(pl.len().over("entity_id", "currency", "kind") <= _PAYERS_MOST)
    return few.with_columns(name=pl.col("kind").replace_strict(_NAMES, return_dtype=pl.String))


def _ways(facts: Facts) -> pl.DataFrame:
    """payer_id, kind: how each payer pays: what its items say, and its last payments."""
    said = facts.items.select("payer_id", kind="payment_method")
    paid = facts.book.allocations.filter(pl.col("receipt_id").is_not_null()).select("receipt_id", "item_id").unique()
    owner = facts.book.items.select("item_id", "customer_id").join(facts.payers, on="customer_id")
    came = paid.join(owner, on="item_id").select("receipt_id", "payer_id").unique()
    dated = came.join(facts.book.receipts.select("receipt_id", "booked_on", "kind"), on="receipt_id")
    last = dated.sort("booked_on", "receipt_id").group_by("payer_id", maintain_order=True).tail(_LAST)
    rows = pl.concat([said, last.select("payer_id", "kind")]).filter(pl.col("kind").is_in(list(_NAMES)))
    return rows.unique()
