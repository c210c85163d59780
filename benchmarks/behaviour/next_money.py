"""The line "next money" of the Customer page on a real book: eight times of ten between its days, as much as said."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from benchmarks.behaviour.books import ALL_WEEKS, LAST_DAY, real_book, weeks_of
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour import Model, learn, study
from encours.core.behaviour.history import history
from encours.core.behaviour.next_money import next_money
from encours.core.behaviour.predict import predict_studied
from encours.core.behaviour.replay import REFIT_DAYS

#: Payments so near the first one count as the same money: a weekend between.
_TOGETHER = timedelta(days=2)
_KEY = ["customer_id", "currency"]


def judged(book: Book, weeks: Sequence[date]) -> pl.DataFrame:
    """next_money of each day beside `came_on` and `came` (minor units): the first money that came of its open items."""
    paid = history(book, LAST_DAY).select("item_id", "paid_on").drop_nulls()
    model: Model | None = None
    parts = []
    for day in weeks:
        print(day, flush=True)
        of = study(book, day)
        if model is None or (day - model.learnt_on).days >= REFIT_DAYS:
            model = learn(of)
        found = predict_studied(book, of, model)
        # What the bank had booked by then, and only the book did not know, was no money to be foreseen.
        ahead = found.items.join(paid, on="item_id").filter(pl.col("paid_on") > day)
        first = ahead.with_columns(came_on=pl.col("paid_on").min().over(_KEY))
        came = first.filter(pl.col("paid_on") <= pl.col("came_on") + _TOGETHER).group_by(_KEY).agg(
            pl.col("came_on").first(), came=pl.col("open").sum()
        )  # fmt: skip
        parts.append(next_money(found).join(came, on=_KEY, how="inner"))
    return pl.concat(parts)


def main(argv: list[str] | None = None) -> int:
    """Judges the weeks that were held out; with --all those on which settings were chosen, too."""
    call = arguments("The next money of each customer, a real book, weekly", argv, options=ALL_WEEKS)
    book = real_book()
    if book is None:
        return 0
    rows = judged(book, weeks_of(call))
    off = (pl.col("came_on") - pl.col("p50_on")).dt.total_days().abs()
    told = rows.select(
        before=(pl.col("came_on") < pl.col("p10_on")).mean(),
        after=(pl.col("came_on") > pl.col("p90_on")).fill_null(False).mean(),
        near=(off <= 3).mean(),
        middle=off.median(),
        exact=(pl.col("amount") == pl.col("came")).mean(),
        together=pl.col("amount").sum() / pl.col("came").sum(),
    ).row(0, named=True)
    lines = [
        Figure("customers and weeks", rows.height),
        Figure("between its days", 100 * (1 - told["before"] - told["after"]), "%", at_least=76, at_most=87),
        Figure("before them", 100 * told["before"], "%"),
        Figure("after them", 100 * told["after"], "%"),
        Figure("days off, the middle one", told["middle"], "days"),
        Figure("within 3 days", 100 * told["near"], "%"),
        Figure("amount to the cent", 100 * told["exact"], "%"),
        Figure("amounts together against what came", 100 * told["together"], "%"),
    ]
    return report(call, lines, {"weeks": [str(day) for day in weeks_of(call)]})


if __name__ == "__main__":
    sys.exit(main())
