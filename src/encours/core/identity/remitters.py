"""Debtors that a remittance names by an account, a name and a reference, and a ledger by its own number."""

from __future__ import annotations

import polars as pl

_RENAMES = {"from_id": pl.String(), "to_id": pl.String()}


def same_remitters(
    guests: pl.DataFrame, known: pl.DataFrame, accounts: pl.DataFrame, numbers: pl.DataFrame
) -> pl.DataFrame:
    """from_id, to_id: the known customer that each guest is, where exactly one of its entity can be meant.

    `guests`, `known`: customer_id, entity_id, name_key (null: no name to compare). `accounts`: customer_id, other_id —
    a guest's bank account is also that known customer's; `numbers`: the same for invoices that a guest's lines quote.
    The account says it, else the invoices, else the name. Guests that match none or several stay themselves.
    """
    named = guests.filter(pl.col("name_key").is_not_null()).join(
        known.select("entity_id", "name_key", other_id="customer_id"), on=["entity_id", "name_key"]
    )
    ways = [_unique(pairs, guests, known) for pairs in (accounts, numbers, named.select("customer_id", "other_id"))]
    found = pl.concat([pl.DataFrame(schema=_RENAMES), *ways]).unique("from_id", keep="first", maintain_order=True)
    return found.filter(pl.col("from_id") != pl.col("to_id")).sort("from_id")


def _unique(pairs: pl.DataFrame, guests: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The pairs of one entity in which a guest leads to one known customer only."""
    inside = (
        pairs.join(guests.select("customer_id", "entity_id"), on="customer_id")
        .join(known.select(other_id="customer_id", theirs="entity_id"), on="other_id")
        .filter(pl.col("entity_id") == pl.col("theirs"))
    )
    meant = inside.group_by("customer_id", maintain_order=True).agg(pl.col("other_id").unique())
    return meant.filter(pl.col("other_id").list.len() == 1).select(
        from_id="customer_id", to_id=pl.col("other_id").list.first()
    )
