"""Cash of the open items of a real book by week, four weeks ahead: how far off, how often the range held."""

from __future__ import annotations

import sys
from datetime import date

import polars as pl

from benchmarks.behaviour.books import CHOSEN_ON, HELD_OUT, LAST_DAY, real_book
from benchmarks.harness import Figure, arguments, cpu_seconds, report
from encours.core.base.book import Book
from encours.core.forecast.accuracy import DUE_DATE, FORECAST, OWN_MEDIAN
from encours.usecases.backtest_forecast import Replayed, replay_forecast

WEEKS = 4
#: Customers of a day, by what they owe, whose weeks are judged; what a CAD counts for in the one total.
_LARGEST, _CAD = 50, 0.75
_PURSE = ["as_of", "entity_id", "currency"]


def error(found: Replayed, forecaster: str, week: int | None = None) -> float:
    """Σ |said − came| / Σ came of the weekly totals, all entities and currencies as one (WAPE)."""
    worth = pl.when(pl.col("currency") == "CAD").then(_CAD).otherwise(1.0)

    def total(rows: pl.DataFrame, name: str) -> pl.DataFrame:
        rows = rows.filter(pl.col("customer_id").is_null())
        return rows.group_by("as_of", "week_start").agg((pl.col(name) * worth).sum())

    told = total(found.said.filter(forecaster=forecaster), "mean")
    both = told.join(total(found.came, "cash"), on=["as_of", "week_start"], how="full", coalesce=True).fill_null(0)
    if week is not None:
        both = both.filter((pl.col("week_start") - pl.col("as_of")).dt.total_days() // 7 + 1 == week)
    return float(both.select((pl.col("mean") - pl.col("cash")).abs().sum() / pl.col("cash").sum()).item())


def held(found: Replayed) -> pl.DataFrame:
    """Every purse's and customer's week with its range: `held`, `lived` (money was expected or came), `week`."""
    cells = [*_PURSE, "customer_id", "week_start"]
    rows = found.said.filter(forecaster=FORECAST).join(found.came, on=cells, how="left", nulls_equal=True)
    rows = rows.with_columns(pl.col("cash").fill_null(0))
    return rows.with_columns(
        held=pl.col("cash").is_between("p10", "p90"),
        lived=(pl.col("p90") > 0) | (pl.col("cash") > 0),
        week=(pl.col("week_start") - pl.col("as_of")).dt.total_days() // 7 + 1,
    )


def largest(rows: pl.DataFrame, book: Book) -> pl.DataFrame:
    """The weeks of the customers that owed most on each day."""
    owed = []
    for day in rows["as_of"].unique().sort():
        items = book.as_of(day).open_items().group_by("entity_id", "currency", "customer_id").agg(pl.col("open").sum())
        worth = pl.when(pl.col("currency") == "CAD").then(_CAD).otherwise(1.0)
        owed.append(items.sort(-pl.col("open") * worth, "customer_id").head(_LARGEST).with_columns(as_of=pl.lit(day)))
    return rows.join(pl.concat(owed), on=[*_PURSE, "customer_id"], how="semi")


def _share(rows: pl.DataFrame) -> float:
    return 100 * float(rows["held"].to_numpy().mean())


def judged(book: Book, weeks: list[date]) -> tuple[Replayed, float]:
    """What was said and came, and the CPU time."""
    start = cpu_seconds()
    found = replay_forecast(book, weeks, LAST_DAY, WEEKS, watch=lambda day: print(day, flush=True))
    return found, cpu_seconds() - start


def main(argv: list[str] | None = None) -> int:
    """Judges the weeks that were held out; with --chosen those on which settings were chosen."""
    call = arguments("Cash of open items, a real book, weekly", argv, options={
        "--chosen": {"action": "store_true", "help": "the weeks on which settings were chosen"},
    })  # fmt: skip
    book = real_book()
    if book is None:
        return 0
    weeks = list(CHOSEN_ON) if call.extra["chosen"] else list(HELD_OUT)
    found, seconds = judged(book, weeks[: call.scaled(len(weeks))])
    ours, own, due = (error(found, name) for name in (FORECAST, OWN_MEDIAN, DUE_DATE))
    rows = held(found)
    totals = rows.filter(pl.col("customer_id").is_null())
    each = largest(rows.drop_nulls("customer_id"), book)
    lines = [
        Figure("error of the weekly cash", 100 * ours, "%"),
        Figure("of the due date", 100 * due, "%"),
        Figure("of the customer's own median", 100 * own, "%"),
        Figure("beside the due date's error", 100 * ours / due, "%", at_most=30),
        *(Figure(f"error of week {week}", 100 * error(found, FORECAST, week), "%") for week in range(1, WEEKS + 1)),
        Figure("ranges of the 50 largest held", _share(each), "%", at_least=72, at_most=88),
        Figure("of these, where money moved", _share(each.filter("lived")), "%"),
        Figure("ranges of weekly totals held", _share(totals), "%", at_least=60, at_most=95),
        Figure("customers and weeks", each.height),
        Figure("CPU time", seconds, "s"),
    ]
    facts = {
        "weeks": [str(day) for day in weeks],
        "totals_held": {str(week): _share(totals.filter(week=week)) for week in range(1, WEEKS + 1)},
        "largest_held": {str(week): _share(each.filter(week=week)) for week in range(1, WEEKS + 1)},
    }
    return report(call, lines, facts)


if __name__ == "__main__":
    sys.exit(main())
