"""One daily list of open items against the book: settlements the ERP made, reopenings, and suspicion.

An item that the previous list held and this one lacks was settled in the ERP between the two. Encours cannot know by
what, so it becomes a `ledger` allocation dated on the list's day and known only to lie after the previous one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.issue import Issues
from encours.core.base.money import to_decimal
from encours.core.base.schema import TABLES

#: A list whose total falls by more than this share closes nothing until a person confirms it.
TOTAL_FALL_MAX = 0.30

STATED = {"item_id": pl.String(), "entity_id": pl.String(), "currency": pl.String(), "open": pl.Int64()}
BOOKED = {"item_id": pl.String(), "issued_on": pl.Date(), "open": pl.Int64()}
PENDING = {"item_id": pl.String(), "amount": pl.Int64()}


@dataclass(frozen=True)
class Snapshot:
    """A list of open items as of the end of `day`: columns of STATED, one row an item, `open` signed like the item."""

    day: date
    stated: pl.DataFrame


@dataclass(frozen=True)
class SnapshotReading:
    """What a list changes: new `allocations`, `reversals` of standing ones (allocation_id, reversed_on), `issues`.

    `suspect` holds the sentences why the list is not believed; then nothing is changed.
    """

    allocations: pl.DataFrame
    reversals: pl.DataFrame
    issues: pl.DataFrame
    suspect: tuple[str, ...] = ()


def read_snapshot(
    now: Snapshot,
    previous: Snapshot | None,
    book_open: pl.DataFrame,
    ledger_allocations: pl.DataFrame,
    pending: pl.DataFrame,
    source: str,
    confirmed: bool = False,
) -> SnapshotReading:
    """What the ERP settled or reopened between two lists.

    `book_open` (BOOKED) has every item that either list names, with its open amount in the book now, this list's new
    items included. `ledger_allocations` are the standing allocations of kind `ledger` on those items. `pending`
    (PENDING) sums per item what Encours decided and the ERP has not acknowledged: the ERP still shows it as open.
    `confirmed` says that a person believes a suspect list.
    """
    doubts = () if confirmed else suspicions(now, previous)
    if doubts:
        return SnapshotReading(_no_allocations(), _no_reversals(), _doubt_issues(doubts), doubts)
    gaps = _gaps(now, previous, book_open, pending)
    settled = gaps.filter(pl.col("gap") * pl.col("sign") > 0)
    reopened = gaps.filter(pl.col("gap") * pl.col("sign") < 0)
    new = _settlements(settled, now.day, previous.day if previous else None, source)
    again, reversals, unexplained = _reopen(reopened, ledger_allocations, now.day, source)
    return SnapshotReading(pl.concat([new, again]), reversals, _reopen_issues(unexplained))


def suspicions(now: Snapshot, previous: Snapshot | None) -> tuple[str, ...]:
    """Why a list is not to be believed: an entity lacks, or an entity's total fell by more than TOTAL_FALL_MAX."""
    if previous is None:
        return ()
    if now.day < previous.day:
        return (f"the list shows {now.day}, before the last one of {previous.day}",)
    before, after = (_totals(snapshot.stated) for snapshot in (previous, now))
    doubts = []
    for key, total in before.items():
        entity, currency = key
        if key not in after:
            doubts.append(f"entity {entity} ({currency}) is not in the list")
        elif total > 0 and after[key] < total * (1 - TOTAL_FALL_MAX):
            fall = 1 - after[key] / total
            doubts.append(f"the total of {entity} ({currency}) falls by {fall:.0%} against {previous.day}")
    return tuple(doubts)


def _totals(stated: pl.DataFrame) -> dict[tuple[str, str], int]:
    # Debts only: a pile of credit notes must not hide that half of the invoices are missing.
    sums = stated.group_by("entity_id", "currency").agg(pl.col("open").clip(lower_bound=0).sum())
    return {(entity, currency): total for entity, currency, total in sums.iter_rows()}


def _gaps(now: Snapshot, previous: Snapshot | None, book: pl.DataFrame, pending: pl.DataFrame) -> pl.DataFrame:
    """item_id, issued_on, currency, sign, gap: what the ERP settled beyond what the book (and our decisions) say."""
    named = [now.stated.select("item_id")] + ([previous.stated.select("item_id")] if previous else [])
    rows = (
        pl.concat(named)
        .unique(maintain_order=True)
        .join(book.select("item_id", "issued_on", booked="open"), on="item_id", how="inner", maintain_order="left")
        .join(now.stated.select("item_id", "currency", stated="open"), on="item_id", how="left", maintain_order="left")
        .join(pending.group_by("item_id").agg(pl.col("amount").sum()), on="item_id", how="left", maintain_order="left")
        .with_columns(pl.col("stated", "amount").fill_null(0))
    )
    in_erp = pl.col("booked") + pl.col("amount")  # what the ERP should still show: it has not booked our decisions
    sign = pl.coalesce(_sign(in_erp), _sign(pl.col("stated")), pl.lit(0))
    settled = in_erp - pl.col("stated")
    # What it settled first acknowledges our own decisions; only the rest is news.
    known = pl.min_horizontal(settled * sign, pl.col("amount") * sign).clip(lower_bound=0) * sign
    return rows.with_columns(sign=sign, gap=pl.when(settled * sign > 0).then(settled - known).otherwise(settled))


def _sign(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount != 0).then(amount.sign())


def _settlements(rows: pl.DataFrame, day: date, previous: date | None, source: str) -> pl.DataFrame:
    after = pl.lit(previous + timedelta(days=1)) if previous else pl.col("issued_on")
    return TABLES["allocations"].conform(
        rows.select(
            allocation_id=pl.format("{}:ledger:{}:{}", "item_id", pl.lit(source), pl.lit(day.isoformat())),
            item_id="item_id",
            amount="gap",
            kind=pl.lit("ledger"),
            allocated_on=pl.lit(day),
            earliest_on=pl.min_horizontal(after, pl.lit(day)),
            source=pl.lit(f"snapshot:{source}"),
            known_on=pl.lit(day),
        )
    )


def _reopen(
    rows: pl.DataFrame, standing: pl.DataFrame, day: date, source: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Reverses ledger allocations, latest first, until the item is as open as the ERP says; keeps what was too much."""
    latest_first = standing.filter(pl.col("reversed_on").is_null()).sort(
        "item_id", "allocated_on", "allocation_id", descending=[False, True, True]
    )
    size = pl.col("amount").abs()
    joined = latest_first.join(rows.select("item_id", wanted=pl.col("gap").abs()), on="item_id", maintain_order="left")
    before = size.cum_sum().over("item_id") - size
    undone = joined.with_columns(before=before).filter(pl.col("before") < pl.col("wanted"))
    surplus = pl.col("before") + size - pl.col("wanted")
    kept = undone.filter(surplus > 0).with_columns(amount=surplus * pl.col("amount").sign())
    again = TABLES["allocations"].conform(
        kept.select(
            allocation_id=pl.format("{}:part:{}", "allocation_id", pl.lit(day.isoformat())),
            item_id="item_id",
            amount="amount",
            kind=pl.lit("ledger"),
            allocated_on="allocated_on",
            earliest_on="earliest_on",
            source=pl.lit(f"snapshot:{source}"),
            known_on=pl.lit(day),
        )
    )
    found = undone.group_by("item_id").agg(found=size.sum())
    short = rows.join(found, on="item_id", how="left").filter(pl.col("found").fill_null(0) < pl.col("gap").abs())
    return again, undone.select("allocation_id", reversed_on=pl.lit(day)), short


def _no_allocations() -> pl.DataFrame:
    return TABLES["allocations"].empty()


def _no_reversals() -> pl.DataFrame:
    return pl.DataFrame(schema={"allocation_id": pl.String, "reversed_on": pl.Date})


def _doubt_issues(doubts: tuple[str, ...]) -> pl.DataFrame:
    issues = Issues()
    for doubt in doubts:
        issues.add("snapshot_suspect", doubt, action="Confirm the list if it is complete, or send the whole one.")
    return issues.frame()


def _reopen_issues(rows: pl.DataFrame) -> pl.DataFrame:
    issues = Issues()
    for row in rows.iter_rows(named=True):
        missing = to_decimal(abs(row["gap"]) - (row["found"] or 0), row["currency"] or "EUR")
        issues.add(
            "snapshot_open_differs",
            f"the ERP shows {missing} more open than the book",
            severity="warning",
            action="Look at the item: a settlement in the book is not in the ERP.",
            table="items",
            key=row["item_id"],
        )
    return issues.frame()
