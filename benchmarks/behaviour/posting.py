"""Payment dates forecast on the day an invoice was posted, beside the due date: a real book, month by month."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import numpy as np

from benchmarks.behaviour.books import LAST_DAY, real_book
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour.baselines import due_date, own_median
from encours.core.behaviour.curves import day_when
from encours.core.behaviour.distribute import distribute
from encours.core.behaviour.history import history
from encours.core.behaviour.model import learn
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.score import figures
from encours.core.behaviour.study import study

#: A model is learnt on each of these days; it predicts what was posted in the four weeks after it.
CUTS = tuple(date(2019, 6, 17) + timedelta(days=28 * turn) for turn in range(4))
_NAMES = ("model", "own_median", "due_date")


def posted(book: Book, cut: date) -> dict[str, tuple[np.ndarray, ...]]:
    """By forecaster: delay, P10, P50, P90 (days from the due date) of the items posted in four weeks from `cut`."""
    model, of = learn(study(book, cut)), study(book, cut + timedelta(days=28))
    items = of.items
    item = np.flatnonzero(items.seen > day_number(cut)).astype(np.int64)
    day = items.seen[item]
    found = distribute(of, item, day, model.learnt)
    due = items.due[item]
    levels = (model.trial.low, 0.5, model.trial.high)
    ours = tuple((day_when(found.curves, np.full(len(item), level)) - due).astype(float) for level in levels)
    said = dict(zip(_NAMES, (ours, own_median(of, item, day, found.said), due_date(of, item, day)), strict=True))
    came = history(book, LAST_DAY)
    delay = dict(zip(came["item_id"].to_list(), came["delay_days"].to_list(), strict=True))
    outcome = [delay[name] for name in of.history["item_id"].gather(items.row[item]).to_list()]
    there = np.array([value is not None for value in outcome])
    what = np.array([value or 0 for value in outcome], dtype=float)[there]
    return {name: (what, *(np.asarray(values)[there] for values in three)) for name, three in said.items()}


def main(argv: list[str] | None = None) -> int:
    """Judges all items posted from mid June to early October."""
    call = arguments("Payment dates at posting, a real book", argv)
    book = real_book()
    if book is None:
        return 0
    months = [posted(book, cut) for cut in CUTS[: call.scaled(len(CUTS))]]
    joined = {
        name: [np.concatenate(parts) for parts in zip(*(month[name] for month in months), strict=True)]
        for name in _NAMES
    }
    ours, own, due = (figures(*joined[name]) for name in _NAMES)
    return report(call, [
        Figure("invoices", ours["forecasts"]),
        Figure("mean error", ours["mae"], "days"),
        Figure("mean error of the due date", due["mae"], "days"),
        Figure("mean error of the payer's own median", own["mae"], "days"),
        Figure("below the due date's error by", 100 * (1 - ours["mae"] / due["mae"]), "%", at_least=38),
        Figure("pinball below the due date's by", 100 * (1 - ours["pinball"] / due["pinball"]), "%", at_least=40),
        Figure("within 3 days", 100 * ours["within_3"], "%"),
        Figure("between P10 and P90", 100 * ours["coverage"], "%"),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
