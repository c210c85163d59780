"""The aged balance (balance âgée): per entity, customer and currency, not due and overdue by bucket, on any day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.metrics.scope import ALL, FLAGS, Scope, flags
from encours.core.metrics.standing import Reading, Standing, standing

By = Literal["due", "issued"]
Credits = Literal["apart", "oldest"]

LIMITS = (30, 60, 90)
KEY = ("entity_id", "customer_id", "currency")
_DATED = {"due": "due_on", "issued": "issued_on"}
#: Columns of their own, negative: credit notes and credit balances, advances received, money not applied yet.
APART = ("credits", "advances", "unapplied")


def bucket_names(limits: tuple[int, ...] = LIMITS) -> list[str]:
    """Columns from not due to the last: not_due, d1_30, d31_60, d61_90, d91_plus."""
    starts = [1, *(limit + 1 for limit in limits)]
    inner = [f"d{low}_{high}" for low, high in zip(starts, limits, strict=False)]
    return ["not_due", *inner, f"d{starts[-1]}_plus"]


def check_limits(limits: tuple[int, ...]) -> None:
    """Raises CallError where bucket limits are not whole days above 0 in growing order."""
    if any(limit <= 0 for limit in limits) or list(limits) != sorted(set(limits)):
        raise CallError([f"bucket limits {', '.join(map(str, limits))} are not growing days above 0"])


@dataclass(frozen=True)
class Ageing:
    """An aged balance and everything that was chosen to make it; amounts in minor units of each row's currency."""

    frame: pl.DataFrame
    as_of: date
    reading: Reading = "known"
    by: By = "due"
    limits: tuple[int, ...] = LIMITS
    credits: Credits = "apart"
    scope: Scope = ALL

    @property
    def buckets(self) -> list[str]:
        """Bucket columns, not due first."""
        return bucket_names(self.limits)

    def sentence(self, language: Literal["en", "fr"] = "en") -> str:
        """What the figures are, as printed beside them."""
        if language == "fr":
            reading = "telle que connue ce jour-là" if self.reading == "known" else "à date comptable"
            by = "par date d'échéance" if self.by == "due" else "par date de facture"
            credit = "avoirs à part" if self.credits == "apart" else "avoirs imputés sur le plus ancien"
            return f"Balance âgée au {self.as_of:%d/%m/%Y}, {reading}, {by}, {credit}, {self.scope.sentence('fr')}."
        reading = "as known that day" if self.reading == "known" else "as booked"
        credit = "apart" if self.credits == "apart" else "set on the oldest items"
        by = "due" if self.by == "due" else "invoice"
        return f"Aged balance on {self.as_of}, {reading}, by {by} date, credits {credit}, {self.scope.sentence()}."

    def totals(self, *by: str) -> pl.DataFrame:
        """The columns summed over `by` (entity_id, currency); by currency alone where nothing is named."""
        keys = list(by) or ["currency"]
        amounts = [name for name in self.frame.columns if name not in (*KEY, "oldest_on")]
        return self.frame.group_by(keys).agg(pl.col(amounts).sum()).sort(keys)


def ageing(
    book: Book,
    as_of: date,
    reading: Reading = "known",
    by: By = "due",
    limits: tuple[int, ...] = LIMITS,
    scope: Scope = ALL,
    set_credits: Credits = "apart",
) -> Ageing:
    """The aged balance of a Book that holds all its versions; see `aged_balance`."""
    found = None
    if scope.left_out:
        found = flags(book.as_of(as_of) if reading == "known" else book.as_booked(as_of)).lazy()
    tables = (book.items.lazy(), book.allocations.lazy(), book.receipts.lazy())
    frame = aged_balance(*tables, as_of, reading, by, limits, scope, found, set_credits)
    return Ageing(frame, as_of, reading, by, limits, set_credits, scope)


def aged_balance(
    items: pl.LazyFrame,
    allocations: pl.LazyFrame,
    receipts: pl.LazyFrame,
    as_of: date,
    reading: Reading = "known",
    by: By = "due",
    limits: tuple[int, ...] = LIMITS,
    scope: Scope = ALL,
    flagged: pl.LazyFrame | None = None,
    set_credits: Credits = "apart",
) -> pl.DataFrame:
    """entity_id, customer_id, currency, a column a bucket, credits, advances, unapplied, total, excluded, oldest_on.

    Frames hold all versions of the Book's tables and may be scans of Parquet files: only needed columns are read.
    days = as_of − due_on (or issued_on), ≤ 0 is not due. `set_credits` "oldest" sets credits on the oldest items first;
    what is more than all items stays in its column. `flagged` (see `scope.flags`) is needed where `scope` leaves
    something out; left-out items stand in `excluded` alone. total = sum of the buckets and the three columns apart;
    total + excluded is the ledger's balance. `oldest_on` is the oldest overdue date. Receipts of no known customer are
    in no row.

    Raises CallError for limits out of order, or a scope without flags.
    """
    check_limits(limits)
    if scope.left_out and flagged is None:
        raise CallError(["a scope that leaves items out needs their flags"])
    named = scope.left_out or set_credits == "oldest"
    columns = (*KEY, _DATED[by], "kind", *(["item_id"] if named else []))
    stood = standing(items, allocations, receipts, as_of, reading, columns)
    return of_standing(stood, as_of, by, limits, scope, flagged, set_credits)


def of_standing(
    stood: Standing,
    as_of: date,
    by: By = "due",
    limits: tuple[int, ...] = LIMITS,
    scope: Scope = ALL,
    flagged: pl.LazyFrame | None = None,
    set_credits: Credits = "apart",
) -> pl.DataFrame:
    """The rows of `aged_balance` from what stands: items with KEY, the date, kind (and item_id where it is needed)."""
    owed = stood.items.rename({_DATED[by]: "_on"})
    owed = owed.with_columns(_late=(pl.lit(as_of) - pl.col("_on")).dt.total_days().fill_null(0))
    owed = _marked(owed, scope, flagged)
    free = stood.receipts.filter(pl.col("customer_id").is_not_null())
    rows = by_customer(owed, free, limits)
    if set_credits == "oldest":
        rows = _credits_on_oldest(rows, owed, limits)
    return rows.with_columns(total=pl.sum_horizontal(*bucket_names(limits), *APART)).select(
        *KEY, *bucket_names(limits), *APART, "total", "excluded", "oldest_on"
    )


def _marked(owed: pl.DataFrame, scope: Scope, flagged: pl.LazyFrame | None) -> pl.DataFrame:
    """Open items with `_out`: whether the scope leaves them out."""
    if not scope.left_out or flagged is None:
        return owed.with_columns(_out=pl.lit(False))
    have = flagged.collect_schema()
    chosen = [name for name in FLAGS if name in scope.left_out and name in have]
    out = flagged.filter(pl.any_horizontal(chosen)).select("item_id").collect() if chosen else None
    ids = out["item_id"] if out is not None else pl.Series(dtype=pl.String)
    return owed.with_columns(_out=pl.col("item_id").is_in(ids.implode()))


def by_customer(owed: pl.DataFrame, free: pl.DataFrame, limits: tuple[int, ...] = LIMITS) -> pl.DataFrame:
    """The rows of `aged_balance` without its total, from what stands: also the store's positions are made by it.

    `owed`: KEY, kind, open, _on (its date), _late (days after it), _out (left out). `free`: KEY, unapplied.
    """
    names = bucket_names(limits)
    counted = ~pl.col("_out")
    positive = counted & (pl.col("open") > 0)
    bounds = [None, 0, *limits, None]
    parts = {}
    for name, low, high in zip(names, bounds[:-1], bounds[1:], strict=True):
        inside = positive
        if low is not None:
            inside &= pl.col("_late") > low
        if high is not None:
            inside &= pl.col("_late") <= high
        parts[name] = pl.when(inside).then("open")
    negative = counted & (pl.col("open") < 0)
    advance = pl.col("kind") == "down_payment"
    parts["credits"] = pl.when(negative & ~advance).then("open")
    parts["advances"] = pl.when(negative & advance).then("open")
    parts["excluded"] = pl.when("_out").then("open")
    oldest_on = pl.when(positive & (pl.col("_late") > 0)).then("_on")
    # Columns first, sums after: a filter in a sum is evaluated group by group.
    laid = owed.lazy().select(*KEY, **parts, oldest_on=oldest_on).group_by(KEY)
    owed_rows = laid.agg(pl.col(list(parts)).sum(), pl.col("oldest_on").min()).collect(engine="streaming")
    free_rows = free.group_by(KEY).agg(unapplied=-pl.col("unapplied").sum())
    rows = owed_rows.join(free_rows, on=list(KEY), how="full", coalesce=True, nulls_equal=True)
    return rows.with_columns(pl.col(*names, *APART, "excluded").fill_null(0)).sort(KEY)


def _credits_on_oldest(rows: pl.DataFrame, owed: pl.DataFrame, limits: tuple[int, ...]) -> pl.DataFrame:
    """Sets credits, advances and unapplied money, in this order, on each customer's oldest items."""
    names = bucket_names(limits)
    held = rows.select(*KEY, _credit=-pl.sum_horizontal(APART)).filter(pl.col("_credit") > 0)
    if held.is_empty():
        return rows
    positive = owed.filter((pl.col("open") > 0) & ~pl.col("_out")).sort(*KEY, "_on", "item_id")
    until = pl.col("open").cum_sum().over(KEY)
    laid = positive.join(held, on=list(KEY), how="inner", nulls_equal=True).with_columns(
        _used=(pl.min_horizontal(until, "_credit") - pl.min_horizontal(until - pl.col("open"), "_credit"))
    )
    bucket = pl.lit(names[-1])
    for name, high in zip(reversed(names[:-1]), reversed([0, *limits]), strict=True):
        bucket = pl.when(pl.col("_late") <= high).then(pl.lit(name)).otherwise(bucket)
    used = laid.group_by(*KEY, bucket.alias("_bucket")).agg(pl.col("_used").sum())
    wide = used.pivot("_bucket", index=list(KEY), values="_used")
    wide = wide.with_columns(pl.lit(0, dtype=pl.Int64).alias(name) for name in names if name not in wide.columns)
    joined = rows.join(wide, on=list(KEY), how="left", suffix="_used", nulls_equal=True)
    less = {name: pl.col(name) - pl.col(f"{name}_used").fill_null(0) for name in names}
    rest = pl.sum_horizontal([pl.col(f"{name}_used").fill_null(0) for name in names])
    for name in APART:
        # What was used comes off the columns in their order; a column that owes (money returned) is left alone.
        given = pl.min_horizontal(rest, (-pl.col(name)).clip(0))
        less[name] = pl.col(name) + given
        rest = rest - given
    return joined.with_columns(**less).select(rows.columns)
