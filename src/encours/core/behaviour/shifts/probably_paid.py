"""Money of the payer has come and is not applied yet: what it fits is probably paid.

It fits one open item exactly, or all that the payer owes, or its oldest items, one after the other, to the cent. What
cash application has proposed and a person has not yet looked at (`proposed`) counts by its own confidence.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.behaviour.shift import SHIFT_SCHEMA, Shift, nothing

#: Chance that money of the very amount of one item is for it, and that money which settles the oldest items does.
_ONE, _OLDEST = 0.9, 0.8
#: Working days that a clerk needs to apply it; money older than this waits for another reason.
_DAYS, _OLD_DAYS = 5, 30
#: Money that comes from customers; what we send back, or is sent back, pays nothing.
_NOT = ("return", "out")


def _find(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    money = known.unapplied_receipts().filter(
        (pl.col("unapplied") > 0)
        & pl.col("customer_id").is_not_null()
        & ~pl.col("kind").is_in(_NOT)
        & (pl.col("booked_on") > as_of - timedelta(days=_OLD_DAYS))
    )
    if money.is_empty():
        return nothing()
    who, _ = payers(known.customers, known.customer_links)
    money = money.join(who, on="customer_id", how="left").select(
        "receipt_id", "currency", "unapplied", payer_id=pl.coalesce("payer_id", "customer_id")
    )
    owed = history.filter(pl.col("open") > 0).sort("payer_id", "currency", "due_on", "item_id")
    owed = owed.select(
        "item_id", "payer_id", "currency", "open", sum=pl.col("open").cum_sum().over("payer_id", "currency")
    )
    one = money.join(owed, left_on=["payer_id", "currency", "unapplied"], right_on=["payer_id", "currency", "open"])
    # Two payments of one amount pay two items of that amount, the oldest first.
    one = one.with_columns(_turn=pl.int_range(pl.len()).over("receipt_id"))
    turn = money.select("receipt_id", _nth=pl.int_range(pl.len()).over("payer_id", "currency", "unapplied"))
    one = one.join(turn, on="receipt_id").filter(pl.col("_turn") == pl.col("_nth"))
    rest = money.join(one, on="receipt_id", how="anti")
    ends = rest.join(
        owed, left_on=["payer_id", "currency", "unapplied"], right_on=["payer_id", "currency", "sum"]
    ).select("payer_id", "currency", _upto="unapplied")
    oldest = owed.join(ends, on=["payer_id", "currency"]).filter(pl.col("sum") <= pl.col("_upto"))
    found = pl.concat([one.select("item_id", kept=pl.lit(_ONE)), oldest.select("item_id", kept=pl.lit(_OLDEST))])
    return _soon(found, as_of)


def proposed(proposals: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """SHIFT_SCHEMA of matches that wait for a person: item_id, confidence (0 … 1; null: as usual)."""
    return _soon(proposals.select("item_id", kept=pl.col("confidence").fill_null(_ONE).clip(0.0, 0.99)), as_of)


def _soon(found: pl.DataFrame, as_of: date) -> pl.DataFrame:
    surest = found.group_by("item_id", maintain_order=True).agg(pl.col("kept").max())
    return surest.select(
        "item_id",
        pl.lit(1.0).alias("share"),
        "kept",
        early_on=pl.lit(as_of + timedelta(days=1)),
        late_on=pl.lit(as_of + timedelta(days=_DAYS)),
        until_on=pl.lit(as_of),
        measured=pl.lit(0, dtype=pl.Int64),
    ).cast(SHIFT_SCHEMA)  # type: ignore[arg-type]  # a schema by name


SHIFT = Shift("probably_paid", 0, "Money that fits it has come and is not applied yet: it is probably paid.", _find)
