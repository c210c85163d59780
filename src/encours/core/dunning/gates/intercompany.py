"""A company of our own group: what it owes is settled between the two ledgers, not by reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "intercompany", 10, "settle_between_entities"
SENTENCE = "The customer belongs to our own group: it is settled between the two ledgers."


def hold(facts: Facts) -> pl.DataFrame:
    """All that customers owe whose legal id is one of our entities', or whose segment says so."""
    # A SIRET begins with its SIREN: nine digits name the company.
    ours = facts.book.entities["legal_id"].drop_nulls().str.replace_all(r"\s", "").str.slice(0, 9).unique()
    theirs = pl.col("legal_id").str.replace_all(r"\s", "").str.slice(0, 9).is_in(ours.implode()).fill_null(False)
    said = (pl.col("segment").str.to_lowercase() == "intercompany").fill_null(False)
    own = facts.book.customers.filter(theirs | said).select("customer_id")
    return facts.items.join(own, on="customer_id", how="semi").select("item_id")
