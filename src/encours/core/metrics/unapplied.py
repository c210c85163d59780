"""Unapplied cash by age: money that came and settles nothing yet, by days since it was booked and by whose it is."""

from __future__ import annotations

from datetime import date
from typing import Literal

import polars as pl

from encours.core.base.issue import CallError

#: Days since booking at which the buckets end; the last has no end.
LIMITS = (7, 30, 60, 90)
#: Whose the money is: a person (or account 4191) says it is an advance; it stands on a customer's account; nobody
#: knows; a returned payment that took nothing back yet (negative); marked as no customer's.
GROUPS = ("advance", "customer", "unknown", "returned", "not_customer")
KEY = ("entity_id", "currency", "group")

_DEFINITION = {
    "en": "Money received and not applied on the day, by days since it was booked; advances apart, negative amounts are"
    " returned payments that took nothing back yet.",
    "fr": "Règlements reçus et non affectés à la date, par ancienneté depuis la comptabilisation ; acomptes à part, les"
    " montants négatifs sont des impayés pas encore rattachés.",
}


def unapplied_ageing(receipts: pl.DataFrame, as_of: date, limits: tuple[int, ...] = LIMITS) -> pl.DataFrame:
    """KEY, count, amount, oldest_on, and per bucket n its count_n and amount_n (minor units of the currency).

    `receipts`: receipt_id, entity_id, currency, booked_on, unapplied (not 0), customer_id, is_advance, is_marked.
    Days since booking up to a limit fall into its bucket; what is booked after `as_of` counts as today's.
    Raises CallError for limits that do not grow.
    """
    if any(limit < 0 for limit in limits) or list(limits) != sorted(set(limits)):
        raise CallError([f"bucket limits {', '.join(map(str, limits))} are not growing days above 0"])
    days = (pl.lit(as_of) - pl.col("booked_on")).dt.total_days().clip(lower_bound=0)
    bucket = pl.sum_horizontal([(days > limit).cast(pl.Int64) for limit in limits])
    rows = receipts.filter(pl.col("unapplied") != 0).select(
        "entity_id", "currency", "booked_on", "unapplied", group=_group(), bucket=bucket
    )
    amount = pl.col("unapplied")
    parts = []
    for n in range(len(limits) + 1):
        here = pl.col("bucket") == n
        parts += [here.sum().cast(pl.Int64).alias(f"count_{n}"), amount.filter(here).sum().alias(f"amount_{n}")]
    found = rows.group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("count"),
        amount.sum().alias("amount"),
        pl.col("booked_on").min().alias("oldest_on"),
        *parts,
    )
    order = pl.col("group").replace_strict({name: n for n, name in enumerate(GROUPS)}, return_dtype=pl.Int64)
    return found.sort("entity_id", "currency", order)


def _group() -> pl.Expr:
    return (
        pl.when(pl.col("is_marked"))
        .then(pl.lit("not_customer"))
        .when(pl.col("unapplied") < 0)
        .then(pl.lit("returned"))
        .when(pl.col("is_advance"))
        .then(pl.lit("advance"))
        .when(pl.col("customer_id").is_not_null())
        .then(pl.lit("customer"))
        .otherwise(pl.lit("unknown"))
    )


def definition(language: Literal["en", "fr"] = "en") -> str:
    """What the figures are, as printed beside them."""
    return _DEFINITION[language]
