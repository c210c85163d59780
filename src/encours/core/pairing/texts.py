"""Texts as they can be compared: the same words in two files, however they were cut and cased."""

from __future__ import annotations

import polars as pl

#: Words that stand on half of all bank lines and tell nothing.
_COMMON = (
    "VIREMENT",
    "VIR",
    "SEPA",
    "RECU",
    "INST",
    "CLIENT",
    "FACTURE",
    "REF",
    "MOTIF",
    "FROM",
    "SARL",
    "EURL",
    "SASU",
)


def squeezed(text: pl.Expr) -> pl.Expr:
    """Letters and digits only, upper case; null where nothing is left."""
    bare = text.str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", "")
    return pl.when(bare != "").then(bare)


def words(*columns: str) -> pl.Expr:
    """The telling words of some text columns: four characters or more, upper case, without the common ones."""
    text = pl.concat_str(*columns, separator=" ", ignore_nulls=True).str.to_uppercase()
    # FA24-000013 is one word, as banks that drop the dash write it; FA24 alone would be every invoice of the year.
    text = text.str.replace_all(r"(\p{N})[-/.](\p{N})", "$1$2")
    found = text.str.extract_all(r"[\p{L}\p{N}]{4,}")
    return found.list.set_difference(pl.lit(list(_COMMON), dtype=pl.List(pl.String)))
