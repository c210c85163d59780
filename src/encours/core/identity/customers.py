"""Customers that a document names in its own way (a SIREN, a VAT id, a name) and a ledger by its account."""

from __future__ import annotations

import polars as pl

from encours.core.base.numbers import number_key

_RENAMES = {"from_id": pl.String(), "to_id": pl.String()}


def same_customers(
    known: pl.DataFrame, guests: pl.DataFrame, known_items: pl.DataFrame, guest_items: pl.DataFrame
) -> pl.DataFrame:
    """from_id, to_id: the known customer that each guest is, where exactly one of the same entity can be meant.

    `known`, `guests`: customer_id, entity_id, legal_id, vat_id. The legal number says it (a SIRET by its SIREN), else
    the VAT id, else the invoices: every number that both bear, with the same amount, leads to one known customer.
    Customers whose legal numbers differ are never the same. Guests that match none or several stay themselves.
    """
    left, right = _with_keys(guests), _with_keys(known)
    by_document = _by_items(guests, known_items, guest_items)
    ways = [
        _unique(left.join(right, on=["entity_id", "legal_key"], suffix="_known")),
        _unique(left.join(right, on=["entity_id", "vat_key"], suffix="_known")),
        by_document,
    ]
    found = pl.concat(ways).unique("from_id", keep="first", maintain_order=True)
    legal = pl.concat([left, right]).select("customer_id", "legal_key").unique("customer_id")
    compared = found.join(legal, left_on="from_id", right_on="customer_id", how="left").join(
        legal, left_on="to_id", right_on="customer_id", how="left", suffix="_known"
    )
    differ = (pl.col("legal_key") != pl.col("legal_key_known")).fill_null(False)
    return compared.filter(~differ & (pl.col("from_id") != pl.col("to_id"))).select("from_id", "to_id").sort("from_id")


def _with_keys(customers: pl.DataFrame) -> pl.DataFrame:
    legal = pl.col("legal_id").str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase()
    siren = pl.when(legal.str.contains(r"^\d{14}$")).then(legal.str.head(9)).otherwise(legal)
    vat = pl.col("vat_id").str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase()
    return customers.select(
        "customer_id",
        "entity_id",
        legal_key=pl.when(siren != "").then(siren),
        vat_key=pl.when(vat != "").then(vat),
    ).unique("customer_id", maintain_order=True)


def _unique(pairs: pl.DataFrame) -> pl.DataFrame:
    meant = pairs.group_by("customer_id", maintain_order=True).agg(pl.col("customer_id_known").unique())
    return meant.filter(pl.col("customer_id_known").list.len() == 1).select(
        from_id="customer_id", to_id=pl.col("customer_id_known").list.first()
    )


def _by_items(guests: pl.DataFrame, known_items: pl.DataFrame, guest_items: pl.DataFrame) -> pl.DataFrame:
    columns = [pl.col("entity_id"), pl.col("customer_id"), pl.col("amount"), number_key(pl.col("number")).alias("key")]
    ours = guest_items.join(guests, on="customer_id", how="semi").select(columns)
    theirs = known_items.select(columns).filter(pl.col("key") != "")
    pairs = ours.join(theirs, on=["entity_id", "key", "amount"], suffix="_known")
    return _unique(pairs) if pairs.height else pl.DataFrame(schema=_RENAMES)
