"""What came of past forecasts: the money of their open items by week, and what the naive forecasts had said of them."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from django.db import transaction

from encours.core.base.book import Book
from encours.core.forecast.accuracy import DUE_DATE, OWN_MEDIAN, came, naive
from encours.store import bulk, parquet
from encours.store.models import ForecastWeek
from encours.store.rows import select
from encours.usecases import forecast_files

#: A payment may be told weeks after it came: a passed week is looked at again for so long.
LATE_DAYS = 45
#: A week of whose receipts more than this share is not applied cannot be judged.
WAITING = 0.1
_OPEN_ITEMS = "open_items"


def naive_weeks(book: Book, day: date, items: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """currency, week_start, due_date, own_median: what the naive forecasts say of the items of a forecast of `day`."""
    said = naive(book, day, items, weeks).filter(pl.col("customer_id").is_null())
    starts = pl.DataFrame({"week_start": [day + timedelta(days=1 + 7 * place) for place in range(weeks)]})
    every = items.select("currency").unique().join(starts, how="cross")
    for name in (DUE_DATE, OWN_MEDIAN):
        one = said.filter(forecaster=name).select("currency", "week_start", pl.col("mean").alias(name))
        every = every.join(one, on=["currency", "week_start"], how="left")
    return every.with_columns(pl.col(DUE_DATE, OWN_MEDIAN).fill_null(0))


def judge_forecasts(entity_id: str, book: Book, day: date) -> int:
    """Writes what came into the weeks that have passed by the end of `day`; how many are judged.

    A week whose receipts wait to be applied is not: what they paid is not known yet.
    """
    passed = select(
        ForecastWeek,
        ["id", "currency", "week_start", "place"],
        "t.entity_id = %s AND t.source = %s AND t.week_start <= %s AND (t.came IS NULL OR t.week_start >= %s)",
        [entity_id, _OPEN_ITEMS, day - timedelta(days=6), day - timedelta(days=LATE_DAYS + 6)],
    )
    if passed.is_empty():
        return 0
    # A forecast was made on the day before its first week.
    passed = passed.with_columns(made_on=pl.col("week_start") - pl.duration(days=7 * pl.col("place") - 6))
    known = book.as_of(day)
    waits, judged = _waiting(known, passed), []
    for (made_on,), weeks in passed.group_by("made_on"):
        if not isinstance(made_on, date) or (items := forecast_files.items_of(entity_id, made_on)) is None:
            continue  # the night is not kept any more: what was judged before stands
        found = came(known, made_on, items, day, max(weeks["place"].to_list()))
        found = found.filter(pl.col("customer_id").is_null()).select("currency", "week_start", came="cash")
        key = ["currency", "week_start"]
        rows = weeks.join(found, on=key, how="left").join(waits, on=key, how="left")
        ready = pl.when(pl.col("waits").is_null() | ~pl.col("waits"))
        judged.append(rows.select("id", came=ready.then(pl.col("came").fill_null(0))))
    if not judged:
        return 0
    rows = pl.concat(judged)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        bulk.update(ForecastWeek, rows)
    return rows["came"].drop_nulls().len()


def _waiting(known: Book, passed: pl.DataFrame) -> pl.DataFrame:
    """currency, week_start, waits: whether more than WAITING of the money received in a week is not applied yet."""
    came_in = known.unapplied_receipts()
    came_in = came_in.filter((pl.col("amount") > 0) & ~pl.col("kind").is_in(["return", "out"]))
    came_in = came_in.select("currency", "booked_on", "amount", pl.col("unapplied").clip(0, None))
    weeks = passed.select("currency", "week_start").unique()
    last = pl.col("week_start") + pl.duration(days=6)
    inside = weeks.join(came_in, on="currency").filter(pl.col("booked_on").is_between(pl.col("week_start"), last))
    sums = inside.group_by("currency", "week_start").agg(pl.col("amount", "unapplied").sum())
    return sums.select("currency", "week_start", waits=pl.col("unapplied") > WAITING * pl.col("amount"))
