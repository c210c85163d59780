"""An accepted draft, a cheque or a direct debit is under way: the money is with the bank, not with the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "draft_in_progress", 60, "ask_bank"
OF_MONEY = True
SENTENCE = "{name} under way, due on {due_on} ({state})."

_NAMES = {"lcr": "Draft", "bor": "Promissory note", "cheque": "Cheque", "direct_debit": "Direct debit"}
#: A draft that was only asked for is no payment; a direct debit that we asked for is.
_REQUESTED, _UNDER_WAY = "requested", ("requested", "accepted", "presented", "discounted")


def hold(facts: Facts) -> pl.DataFrame:
    """What the instruments cover of each item until the bank says that they are paid, or came back."""
    known = facts.book.instruments.filter(pl.col("state").is_in(_UNDER_WAY))
    alive = known.filter((pl.col("state") != _REQUESTED) | (pl.col("kind") == "direct_debit"))
    lines = facts.book.instrument_items.select("instrument_id", "item_id", "amount")
    rows = lines.join(alive.select("instrument_id", "kind", "state", "due_on"), on="instrument_id")
    rows = rows.sort("due_on", "instrument_id").group_by("item_id", maintain_order=True).agg(
        pl.col("amount").abs().sum(), pl.col("kind", "state", "due_on").last()
    )  # fmt: skip
    rows = rows.with_columns(name=pl.col("kind").replace_strict(_NAMES, return_dtype=pl.String))
    return facts.items.select("item_id").join(rows, on="item_id")
