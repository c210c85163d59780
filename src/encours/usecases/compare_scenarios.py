"""Two sets of scenarios replayed over the same past days: who would have been asked, at what cost, for what effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.compare import brought, totals
from encours.core.dunning.replay import Replay, payments
from encours.core.dunning.scenario import Scenarios
from encours.core.dunning.worth import Beside, Objective
from encours.usecases.know_for_plan import know_for_plan
from encours.usecases.weigh_plan import effects_of_book

#: What is compared, in the order in which it is told; the counts are those of `Replay.figures`.
COMPARED = (
    "actions", "automatic", "customers", "to_who_had_paid", "collisions", "minutes", "cost", "euro_days",
    "days_earlier", "relationship_eur", "net_euro_days",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two replays of one past. `effects`: how much of what is believed of messages is prior, how much own evidence."""

    start: date
    end: date
    first: Replay
    second: Replay
    figures: tuple[dict[str, float], dict[str, float]]
    effects: str

    @property
    def table(self) -> pl.DataFrame:
        """figure, first, second, more (second less first), in the order of COMPARED."""
        one, two = self.figures
        rows = [(name, float(one[name]), float(two[name]), round(two[name] - one[name], 2)) for name in COMPARED]
        return pl.DataFrame(rows, schema=["figure", "first", "second", "more"], orient="row")


def compare_replays(
    book: Book,
    start: date,
    end: date,
    first: Scenarios,
    both: tuple[Replay, Replay],
    objective: Objective | None = None,
) -> Comparison:
    """Two replays of one book over the same days, made already; `first`: the scenarios of the first."""
    known = know_for_plan(book, start, first)[0]
    effects = effects_of_book(book, start, known.profiles, first)
    beside = Beside(profiles=known.profiles, rates=book.as_of(start).rates)
    closed, last = _closed(payments(book), book), book.last_day() or end
    one, two = (
        {**made.figures(), **totals(brought(made, closed, effects, beside, last, objective), objective)}
        for made in both
    )
    return Comparison(start, end, *both, (one, two), effects.says())


def _closed(paid: pl.DataFrame, book: Book) -> pl.DataFrame:
    """item_id, paid_on of the items that are wholly settled on the book's last day."""
    last = book.last_day()
    open_ = (book.as_of(last) if last else book).open_items().filter(pl.col("open") > 0)
    return paid.join(open_.select("item_id"), on="item_id", how="anti").select("item_id", "paid_on")
