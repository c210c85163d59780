"""What came of past forecasts: how far off, to which side, how often the range held; beside the naive ones."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS

#: What was said on a day of the weeks after it, by a forecaster: FORECAST (the ranges are its own), DUE_DATE (paid on
#: the due date, tomorrow if that is past), OWN_MEDIAN (the due date and the customer's own median delay of the last
#: 50). `customer_id` null: the total. Amounts: minor units.
SAID_SCHEMA: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "forecaster": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "customer_id": pl.String(),
    "week_start": pl.Date(),
    "p10": pl.Int64(),
    "p90": pl.Int64(),
    "mean": pl.Int64(),
}
#: What came of the items that were open on the day.
CAME_SCHEMA: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "customer_id": pl.String(),
    "week_start": pl.Date(),
    "cash": pl.Int64(),
}
#: By purse, level (total, customers) and week ahead (`week` 1 …; null: all): how many weeks were judged, the money that
#: came; `wape`: Σ |said − came| / Σ came; `bias`: Σ (said − came) / Σ came; `coverage`: how often it lay in the range.
ACCURACY_SCHEMA: dict[str, pl.DataType] = {
    "entity_id": pl.String(),
    "currency": pl.String(),
    "level": pl.String(),
    "forecaster": pl.String(),
    "week": pl.Int64(),
    "judged": pl.Int64(),
    "came": pl.Int64(),
    "wape": pl.Float64(),
    "bias": pl.Float64(),
    "coverage": pl.Float64(),
}
FORECAST, DUE_DATE, OWN_MEDIAN = "forecast", "due_date", "own_median"
FORECASTERS = (FORECAST, OWN_MEDIAN, DUE_DATE)
_PURSE = ["entity_id", "currency"]
_CELL = ["as_of", *_PURSE, "customer_id", "week_start"]
_LAST, _LATEST = 50, 365


def said(weeks: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """SAID_SCHEMA of a forecast's `weeks`."""
    rows = weeks.with_columns(as_of=pl.lit(as_of), forecaster=pl.lit(FORECAST))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in SAID_SCHEMA.items())


def naive(book: Book, as_of: date, items: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """SAID_SCHEMA of DUE_DATE and OWN_MEDIAN for the items of a forecast of `as_of` (`Forecast.items`)."""
    known = book.as_of(as_of)
    cash = items.group_by("item_id", *_PURSE, "customer_id").agg(pl.col("expected").sum())
    rows = cash.join(known.items.select("item_id", "due_on"), on="item_id").join(
        own_medians(known), on="customer_id", how="left"
    )
    book_median = pl.col("book_median").fill_null(0)
    days = {DUE_DATE: pl.lit(0), OWN_MEDIAN: pl.coalesce("own_median", book_median)}
    parts = [
        rows.select(
            *_PURSE, "customer_id", cash="expected", forecaster=pl.lit(name),
            paid_on=pl.max_horizontal(pl.col("due_on") + pl.duration(days=late), pl.lit(as_of + timedelta(days=1))),
        )
        for name, late in days.items()
    ]  # fmt: skip
    found = _by_week(pl.concat(parts), ["forecaster"], as_of, weeks)
    found = found.with_columns(p10=pl.lit(None), p90=pl.lit(None), mean="cash")
    return found.select(pl.col(name).cast(dtype) for name, dtype in SAID_SCHEMA.items())


def own_medians(known: Book) -> pl.DataFrame:
    """customer_id, own_median, book_median: whole days after the due date, of the last 50 payments known."""
    paid = payments(known).select("customer_id", delay=(pl.col("paid_on") - pl.col("due_on")).dt.total_days())
    last = paid.group_by("customer_id", maintain_order=True).tail(_LAST)
    own = last.group_by("customer_id").agg(own_median=pl.col("delay").median().round().cast(pl.Int64))
    book = paid["delay"].median()
    told = known.customers.select("customer_id").unique().join(own, on="customer_id", how="left")
    usual = pl.lit(None if book is None else round(float(str(book))), dtype=pl.Int64)
    return told.with_columns(book_median=usual)


def payments(known: Book) -> pl.DataFrame:
    """item_id, customer_id, due_on, paid_on: settled items by the day of their last payment."""
    last = moneys(known).group_by("item_id").agg(pl.col("paid_on").max())
    items = known.open_items().filter((pl.col("amount") > 0) & (pl.col("open") <= 0))
    rows = items.select("item_id", "customer_id", "due_on").join(last, on="item_id")
    late = (pl.col("paid_on") - pl.col("due_on")).dt.total_days().abs() <= _LATEST
    return rows.filter(late).sort("paid_on", "item_id")


def moneys(known: Book) -> pl.DataFrame:
    """item_id, paid_on, cash: every payment of an item by the bank's day, else by its letter's."""
    banked = known.receipts.select("receipt_id", "booked_on")
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(MONEY_PARTS))
    rows = letters.join(banked, on="receipt_id", how="left")
    return rows.select("item_id", paid_on=pl.coalesce("booked_on", "allocated_on"), cash="amount")


def came(book: Book, as_of: date, items: pl.DataFrame, until: date, weeks: int) -> pl.DataFrame:
    """CAME_SCHEMA: money of the items of a forecast of `as_of` by week, as known on `until`; total and by customer."""
    of = items.select("item_id", *_PURSE, "customer_id").unique()
    rows = moneys(book.as_of(until)).join(of, on="item_id").filter(pl.col("paid_on").is_between(as_of, until, "right"))
    found = _by_week(rows, [], as_of, weeks)
    return found.select(pl.col(name).cast(dtype) for name, dtype in CAME_SCHEMA.items())


def _by_week(rows: pl.DataFrame, by: list[str], as_of: date, weeks: int) -> pl.DataFrame:
    """Sums of `cash` by week of `paid_on`, of each customer and (customer_id null) of the purse."""
    ahead = (pl.col("paid_on") - pl.lit(as_of)).dt.total_days() - 1
    rows = rows.filter(ahead < 7 * weeks).with_columns(week_start=pl.lit(as_of + timedelta(days=1)) + pl.duration(
        days=ahead // 7 * 7
    ))  # fmt: skip
    keys = [*by, *_PURSE, "customer_id", "week_start"]
    each = rows.group_by(keys).agg(pl.col("cash").sum())
    total = each.group_by(*by, *_PURSE, "week_start").agg(pl.col("cash").sum())
    total = total.with_columns(customer_id=pl.lit(None, dtype=pl.String)).select(each.columns)
    return pl.concat([total, each]).with_columns(as_of=pl.lit(as_of)).sort(keys)


def accuracy(said: pl.DataFrame, came: pl.DataFrame, until: date, *, by_entity: bool = True) -> pl.DataFrame:
    """ACCURACY_SCHEMA: weeks that were over on `until`, of every forecast beside what came; where nothing came it is 0.

    A cell that only one forecaster speaks of, or in which money came that nobody spoke of, is judged for all: what a
    forecaster did not say is 0. Without `by_entity` the entities of a currency are judged as one (entity_id null), the
    error still being that of each entity's weeks; currencies are never added up.
    """
    over = pl.col("week_start") + timedelta(days=6) <= until
    told = said.filter(over)
    cells = pl.concat([told.select(_CELL), came.filter(over).select(_CELL)]).unique()
    asked = told.select("as_of", "forecaster").unique()
    rows = cells.join(asked, on="as_of").join(told, on=[*_CELL, "forecaster"], how="left", nulls_equal=True)
    rows = rows.join(came, on=_CELL, how="left", nulls_equal=True).with_columns(
        pl.col("mean", "cash").fill_null(0),
        # What the forecast does not speak of it does not expect; the naive ones have no range.
        pl.when(pl.col("forecaster") == FORECAST).then(pl.col("p10", "p90").fill_null(0)),
        level=pl.when(pl.col("customer_id").is_null()).then(pl.lit("total")).otherwise(pl.lit("customers")),
        week=(pl.col("week_start") - pl.col("as_of")).dt.total_days() // 7 + 1,
    )
    if not by_entity:
        rows = rows.with_columns(entity_id=pl.lit(None, dtype=pl.String))
    keys = [*_PURSE, "level", "forecaster"]
    weekly = rows.group_by(*keys, "week").agg(_figures())
    whole = rows.group_by(keys).agg(_figures()).with_columns(week=pl.lit(None, dtype=pl.Int64))
    both = pl.concat([part.select(*ACCURACY_SCHEMA) for part in (whole, weekly)], how="vertical_relaxed")
    found = both.select(pl.col(name).cast(dtype) for name, dtype in ACCURACY_SCHEMA.items())
    return found.sort(*keys, "week", nulls_last=False)


def _figures() -> list[pl.Expr]:
    error, cash = pl.col("mean") - pl.col("cash"), pl.col("cash").sum()
    held = pl.col("cash").is_between(pl.col("p10"), pl.col("p90"))
    return [
        pl.len().alias("judged"),
        cash.alias("came"),
        pl.when(cash > 0).then(error.abs().sum() / cash).alias("wape"),
        pl.when(cash > 0).then(error.sum() / cash).alias("bias"),
        held.mean().alias("coverage"),
    ]
