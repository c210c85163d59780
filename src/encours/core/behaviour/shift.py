"""What an event in the book does to an item's expected payment: a named rule, its figures, its sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book

#: What a rule finds. `share` (0 … 1]: the part of what is open that it moves; several rows of an item move a part each.
#: `kept`: chance (0 … 1) that this part is paid on one of the days `early_on` … `late_on`; otherwise it is paid as its
#: payer usually pays what is still open after `until_on`. `measured`: cases of this book that the chance rests on (0:
#: it is what is usual elsewhere).
SHIFT_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "share": pl.Float64(),
    "kept": pl.Float64(),
    "early_on": pl.Date(),
    "late_on": pl.Date(),
    "until_on": pl.Date(),
    "measured": pl.Int64(),
}


@dataclass(frozen=True)
class Shift:
    """A rule: `find(known, history, as_of)` gives SHIFT_SCHEMA, `sentence` says it to a collector (`{kept}`: the chance
    in percent, `{measured}`: the cases that it rests on).

    `known` is the Book as known on the day, `history` a frame of HISTORY_SCHEMA. Rules are asked by `rank`; the first
    that finds an item moves its part of it, the next ones what is left.
    """

    name: str
    rank: int
    sentence: str
    find: Callable[[Book, pl.DataFrame, date], pl.DataFrame]


def nothing() -> pl.DataFrame:
    """No item is moved."""
    return pl.DataFrame(schema=SHIFT_SCHEMA)


def part_of_open(amount: str) -> pl.Expr:
    """`share`: the part that an amount is of `open`; all of it where no amount is known."""
    part = pl.col(amount).abs() / pl.col("open")
    return pl.when((pl.col(amount) != 0) & (pl.col("open") > 0)).then(part.clip(0.0, 1.0)).otherwise(1.0)


def divided(found: pl.DataFrame) -> pl.DataFrame:
    """SHIFT_SCHEMA and more, in the order in which rows are asked: each has of `share` what those before it left."""
    before = pl.col("share").cum_sum().over("item_id") - pl.col("share")
    left = pl.min_horizontal("share", 1.0 - before)
    # What a cent's rounding leaves is nothing.
    return found.with_columns(share=left).filter(pl.col("share") > 1e-9)


def shrunk(hits: int, cases: int, usual: float, weight: float = 10.0) -> float:
    """A share of few cases leaning on what is usual: (hits + weight · usual) / (cases + weight)."""
    return (hits + weight * usual) / (cases + weight)


def last_events(known: Book, kinds: tuple[str, ...], ended_by: tuple[str, ...] = ()) -> pl.DataFrame:
    """item_id, on: items whose last event among `kinds` and `ended_by` is one of `kinds`."""
    rows = known.events.filter((pl.col("subject") == "item") & pl.col("kind").is_in([*kinds, *ended_by]))
    last = rows.sort("on", maintain_order=True).unique("subject_id", keep="last", maintain_order=True)
    return last.filter(pl.col("kind").is_in(kinds)).select("on", item_id="subject_id")
