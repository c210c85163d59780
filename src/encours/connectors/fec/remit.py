"""Cheques and bills on 511: to which bank account, and on which day, the company took them."""

from __future__ import annotations

import polars as pl

_LYING = r"^511"
_BANK = r"^(512|514|517)"


def remitted(lines: pl.DataFrame) -> pl.DataFrame:
    """line, bank, value_on: the debit lines of 511 accounts that an entry between 511 and one bank account took up.

    They are tied by their letter, else by the piece of the slip, else by their amount, the oldest first.
    """
    money = lines.filter((pl.col("rule") == "money") & (pl.col("net") != 0))
    lying = money.filter(pl.col("account").str.contains(_LYING))
    schema = {"line": pl.Int64(), "bank": pl.String(), "value_on": pl.Date()}
    if not lying.height:
        return pl.DataFrame(schema=schema)
    banks = money.filter(pl.col("account").str.contains(_BANK) & (pl.col("net") > 0))
    one = banks.group_by("entry").agg(n=pl.col("account").n_unique(), bank=pl.col("account").first())
    piece = pl.col("piece").str.strip_chars() if "piece" in lines.columns else pl.lit(None, dtype=pl.String)
    columns = ["line", "account", "net", "date", "letter"]
    taken = lying.filter(pl.col("net") < 0).join(one.filter(pl.col("n") == 1), on="entry")
    taken = taken.select(*columns, "bank", piece=piece)
    came = lying.filter(pl.col("net") > 0).select(*columns, piece=piece)
    found = [pl.DataFrame(schema=schema)]
    for key in ("letter", "piece"):
        met = _by_sum(came, taken, key)
        found.append(met.select("line", "bank", "value_on"))
        came = came.join(met, on="line", how="anti")
        taken = taken.join(met, left_on="line", right_on="slip", how="anti")
    found.append(_by_amount(came, taken))
    return pl.concat(found)


def _by_sum(came: pl.DataFrame, taken: pl.DataFrame, key: str) -> pl.DataFrame:
    """line, slip, bank, value_on of the groups of one letter or piece that cancel out and went to one bank."""
    group = ["account", key]
    slips = taken.filter(pl.col(key).is_not_null() & (pl.col(key) != "")).group_by(group).agg(
        out=pl.col("net").sum(), banks=pl.col("bank").n_unique(), bank=pl.col("bank").first(),
        value_on=pl.col("date").max(), slip=pl.col("line").first(), slips=pl.len(),
    )  # fmt: skip
    sums = came.group_by(group).agg(into=pl.col("net").sum())
    even = slips.join(sums, on=group).filter((pl.col("into") == -pl.col("out")) & (pl.col("banks") == 1))
    return came.join(even.select(*group, "slip", "bank", "value_on"), on=group).select(
        "line", "slip", "bank", "value_on"
    )


def _by_amount(came: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    nth = pl.int_range(pl.len()).over("account", "worth")
    left = came.sort("date", "line").with_columns(worth=pl.col("net")).with_columns(_nth=nth)
    right = taken.sort("date", "line").with_columns(worth=-pl.col("net")).with_columns(_nth=nth)
    met = left.join(right, on=["account", "worth", "_nth"], suffix="_out")
    return met.filter(pl.col("date_out") >= pl.col("date")).select("line", "bank", value_on="date_out")
