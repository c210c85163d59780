"""The ERP's letters against our own decisions: the same one is an acknowledgement, another one wins.

What Encours decided, and what it only inferred (`ledger` settlements of snapshots), gives way to what the ERP says in
detail. Nothing is settled twice: where both cannot stand, ours is reversed and an issue says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from encours.core.base.issue import Issues
from encours.core.base.schema import TABLES

_SAME = ["receipt_id", "item_id", "credit_item_id", "kind", "amount"]


@dataclass(frozen=True)
class Acknowledged:
    """What becomes of incoming allocations.

    `kept`: those to store. `acknowledged`: allocation_id (ours), by_id (the ERP's, not stored). `reversals`:
    allocation_id, reversed_on. `restored`: what stays of a `ledger` settlement that was too large.
    """

    kept: pl.DataFrame
    acknowledged: pl.DataFrame
    reversals: pl.DataFrame
    restored: pl.DataFrame
    issues: pl.DataFrame


def acknowledge(
    incoming: pl.DataFrame,
    standing: pl.DataFrame,
    items: pl.DataFrame,
    receipts: pl.DataFrame,
    day: date,
    own_source: str,
) -> Acknowledged:
    """Decides for allocations that an ERP's file brings.

    `standing`: all standing allocations on the items and receipts that `incoming` touches (Book columns). `items`:
    item_id, amount; `receipts`: receipt_id, amount; of the same ids. Ours are those whose source starts with
    `own_source`; reversing one reverses all of its decision (same source).
    """
    table = TABLES["allocations"]
    incoming, standing = table.conform(incoming), table.conform(standing)
    ours = pl.col("source").str.starts_with(own_source)
    pairs = _same(incoming, standing.filter(ours))
    rest = incoming.filter(~pl.col("allocation_id").is_in(pairs["by_id"].implode()))
    left = standing.filter(~pl.col("allocation_id").is_in(pairs["allocation_id"].implode()))
    # A decision acknowledged in part is the ERP's now: its other lines no longer give way by decision.
    yielding = left.filter(ours | (pl.col("kind") == "ledger"))
    crowded = _crowded(rest, standing, items, receipts)
    gone = _giving_way(yielding, crowded, own_source)
    after = standing.filter(~pl.col("allocation_id").is_in(gone["allocation_id"].implode()))
    restored = _restored(gone, rest, after, items, day)
    still = _crowded(rest, pl.concat([after, restored]), items, receipts)
    refused = rest.filter(
        pl.col("item_id").is_in(still.items.implode()) | pl.col("receipt_id").is_in(still.receipts.implode())
    )
    if refused.height:
        # One impossible letter must not hold back the others: decide again without it.
        others = incoming.filter(~pl.col("allocation_id").is_in(refused["allocation_id"].implode()))
        again = acknowledge(others, standing, items, receipts, day, own_source)
        return replace(again, issues=pl.concat([again.issues, _refusals(refused)]))
    reversals = gone.select("allocation_id", reversed_on=pl.lit(day))
    return Acknowledged(rest, pairs, reversals, restored, _undone(gone.filter(ours)))


@dataclass(frozen=True)
class _Crowd:
    items: pl.Series
    receipts: pl.Series


def _same(incoming: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """allocation_id, by_id: the n-th equal line of the one is the n-th of the other."""
    nth = pl.int_range(pl.len()).over(_SAME)
    ours = own.sort("allocation_id").with_columns(nth=nth)
    theirs = incoming.sort("allocation_id").with_columns(nth=nth).select(*_SAME, "nth", by_id="allocation_id")
    return ours.join(theirs, on=[*_SAME, "nth"], nulls_equal=True).select("allocation_id", "by_id")


def _crowded(incoming: pl.DataFrame, standing: pl.DataFrame, items: pl.DataFrame, receipts: pl.DataFrame) -> _Crowd:
    """Ids of the items and receipts on which both together would take more than there is."""
    both = pl.concat([standing, incoming])
    given = both.filter(pl.col("credit_item_id").is_not_null()).select(
        item_id="credit_item_id", amount=-pl.col("amount")
    )
    taken = pl.concat([both.select("item_id", "amount"), given]).group_by("item_id").agg(taken=pl.col("amount").sum())
    on_items = items.join(taken, on="item_id").filter(_over("taken"))
    used = both.filter((pl.col("kind") == "cash") & pl.col("receipt_id").is_not_null())
    spent = used.group_by("receipt_id").agg(taken=pl.coalesce("receipt_amount", "amount").sum())
    on_receipts = receipts.join(spent, on="receipt_id").filter(_over("taken"))
    touched = pl.concat([incoming["item_id"], incoming["credit_item_id"].drop_nulls().rename("item_id")])
    return _Crowd(
        on_items.filter(pl.col("item_id").is_in(touched.implode()))["item_id"],
        on_receipts.filter(pl.col("receipt_id").is_in(incoming["receipt_id"].drop_nulls().implode()))["receipt_id"],
    )


def _over(taken: str) -> pl.Expr:
    sign = pl.col("amount").sign()
    return (pl.col(taken) * sign > pl.col("amount") * sign) | (pl.col(taken) * sign < 0)


def _giving_way(yielding: pl.DataFrame, crowd: _Crowd, own_source: str) -> pl.DataFrame:
    """Our allocations on crowded items or receipts, with the whole of each decision; ledger settlements alone."""
    touched = yielding.filter(
        pl.col("item_id").is_in(crowd.items.implode())
        | pl.col("credit_item_id").is_in(crowd.items.implode())
        | pl.col("receipt_id").is_in(crowd.receipts.implode())
    )
    ours = pl.col("source").str.starts_with(own_source)
    decisions = touched.filter(ours)["source"].unique()
    whole = yielding.filter(ours & pl.col("source").is_in(decisions.implode()))
    return pl.concat([whole, touched.filter(~ours)]).unique("allocation_id", maintain_order=True)


def _restored(
    gone: pl.DataFrame, incoming: pl.DataFrame, after: pl.DataFrame, items: pl.DataFrame, day: date
) -> pl.DataFrame:
    """What stays of reversed ledger settlements: an item they closed stays closed beyond what the ERP now details."""
    inferred = gone.filter(pl.col("kind") == "ledger").sort("item_id", "allocated_on", "allocation_id")
    taken = (
        pl.concat([after.select("item_id", "amount"), incoming.select("item_id", "amount")])
        .group_by("item_id")
        .agg(taken=pl.col("amount").sum())
    )
    room = items.join(taken, on="item_id", how="left").select(
        "item_id", room=(pl.col("amount") - pl.col("taken").fill_null(0)).abs(), whole="amount"
    )
    size = pl.col("amount").abs()
    joined = inferred.join(room, on="item_id", maintain_order="left")
    before = size.cum_sum().over("item_id") - size
    stays = pl.min_horizontal(size, (pl.col("room") - before).clip(lower_bound=0))
    rows = joined.with_columns(amount=stays * pl.col("amount").sign()).filter(pl.col("amount") != 0)
    return TABLES["allocations"].conform(
        rows.with_columns(
            allocation_id=pl.format("{}:rest:{}", "allocation_id", pl.lit(day.isoformat())), known_on=pl.lit(day)
        )
    )


def _undone(gone: pl.DataFrame) -> pl.DataFrame:
    issues = Issues()
    for row in gone.iter_rows(named=True):
        issues.add(
            "erp_letter_wins",
            f"the ERP letters {row['receipt_id'] or row['item_id']} otherwise: our allocation is undone",
            severity="warning",
            action="Look at the receipt; accept the ERP's letter or correct it there.",
            table="allocations",
            key=row["allocation_id"],
        )
    return issues.frame()


def _refusals(refused: pl.DataFrame) -> pl.DataFrame:
    issues = Issues()
    for row in refused.iter_rows(named=True):
        issues.add(
            "letter_over_allocates",
            "the ERP's letter takes more than the item or the receipt is worth",
            action="Check the letter in the ERP: an item or a receipt of it is missing here.",
            table="allocations",
            key=row["allocation_id"],
        )
    return issues.frame()
