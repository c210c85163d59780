"""Late items judged by their payer's habit: how many of those left alone, and past the own P90, end abnormally."""

from __future__ import annotations

import sys
from datetime import date

import polars as pl

from benchmarks.behaviour.books import ALL_WEEKS, LAST_DAY, real_book, weeks_of
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.flags import ABNORMAL_DAYS, LEAVE_ALONE, PASSED, flags
from encours.core.behaviour.history import history
from encours.core.behaviour.model import Model, learn
from encours.core.behaviour.predict import predict_studied
from encours.core.behaviour.score import area_under_curve
from encours.core.behaviour.study import study

#: Late by so many days at most: later ones are past every habit, and flatter the figures.
_LATE = 15


def flagged(book: Book, weeks: list[date]) -> pl.DataFrame:
    """Flags of every week, with `abnormal`: whether the item was paid over a week beyond its payer's own P90."""
    came = history(book, LAST_DAY).select("item_id", "paid_on", "delay_days").drop_nulls("paid_on")
    model: Model | None = None
    parts = []
    for day in weeks:
        of = study(book, day)
        if model is None or (day - model.learnt_on).days >= 28:
            model = learn(of)
        found = flags(predict_studied(book, of, model), payer_figures(book, of.history, day))
        parts.append(found.with_columns(day=pl.lit(day)))
    rows = pl.concat(parts).join(came, on="item_id", how="inner").filter(pl.col("days_late") <= _LATE)
    return rows.with_columns(abnormal=pl.col("delay_days") > pl.col("own_p90") + ABNORMAL_DAYS)


def main(argv: list[str] | None = None) -> int:
    """Judges the flags on the weeks that were held out; with --all on all."""
    call = arguments("Late items by habit, a real book, weekly", argv, options=ALL_WEEKS)
    book = real_book()
    if book is None:
        return 0
    rows = flagged(book, weeks_of(call))
    inside = rows.filter(pl.col("days_late") <= pl.col("own_p90"))
    alone, passed = rows.filter(kind=LEAVE_ALONE), rows.filter(kind=PASSED)

    def share(part: pl.DataFrame) -> float:
        return 100 * float(part["abnormal"].sum()) / max(1, part.height)

    chance = area_under_curve(rows["abnormal"].to_numpy(), rows["p_abnormal"].to_numpy())
    return report(call, [
        Figure("late items", rows.height),
        Figure("inside the own P90", inside.height),
        Figure("of these end abnormally", share(inside), "%"),
        Figure("left alone", alone.height),
        Figure("of these end abnormally", share(alone), "%", at_most=6),
        Figure("past the own P90", passed.height),
        Figure("of these end abnormally", share(passed), "%", at_least=25),
        Figure("P(abnormal), AUC", chance, at_least=0.84),
        Figure("P(abnormal), mean said", 100 * float(rows["p_abnormal"].to_numpy().mean()), "%"),
        Figure("abnormal, all", share(rows), "%"),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
