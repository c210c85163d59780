"""Payments that leave something open: how often they are foreseen, when their rests come, what it does to the cash.

The sample company, whose customers pay in instalments and take things off. On each of five days: the chance that the
next payment leaves a rest beside how often one did; of items paid in part, the chance that all of the rest has come
within a month and a quarter beside how often it had; and the money of all open items by week, four weeks ahead, beside
what the same hazards say where every payment is taken for one of the whole (`as if whole`).
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.behaviour.truth import LAST_DAY, sample
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour.curves import Curves, left_at, paid_between
from encours.core.behaviour.distribute import distribute
from encours.core.behaviour.grid import Float64
from encours.core.behaviour.history import history
from encours.core.behaviour.learn import learn_trees
from encours.core.behaviour.looks import standing
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.rests import of_money, rests
from encours.core.behaviour.study import study

DAYS = tuple(LAST_DAY - timedelta(days=90 + 28 * turn) for turn in range(5))
_WEEKS, _REST_DAYS = 4, (30, 90)
_MONEY, _WHOLE = "money", "as if whole"


class Looked(NamedTuple):
    """`items`: item_id, currency, open, rest (whether it was paid in part), said (chance of a payment in part), and of
    each of _REST_DAYS the chance that it is paid by then; `weeks` by forecaster: shares of each item by week."""

    items: pl.DataFrame
    weeks: dict[str, Float64]


def looked(book: Book, day: date) -> Looked:
    """What is said of the open items of a book on a day."""
    of = study(book, day)
    item, on = standing(of, of.day)
    found = distribute(of, item, on, learn_trees(of))
    known = rests(of.items, of.day, of.lag)
    curves: dict[str, Curves] = {_WHOLE: found.curves, _MONEY: of_money(found.curves, of.items, item, known)}
    items = of.history[of.items.row[item]].select("item_id", "currency", "open")
    items = items.with_columns(
        rest=pl.Series(of.items.rest[item]),
        said=pl.Series(known.chance[of.items.payer[item]].sum(axis=1)),
        **{f"by_{days}": pl.Series(1 - left_at(found.curves, on + np.int32(days))) for days in _REST_DAYS},
    )
    begin = day_number(day) + 1
    return Looked(items, {name: paid_between(of, begin, 7, _WEEKS) for name, of in curves.items()})


def came(book: Book, day: date, items: pl.DataFrame) -> pl.DataFrame:
    """What was paid of the items after a day, as known on the last: item_id, paid_on, amount, a row a payment."""
    told = book.as_of(LAST_DAY).allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    money = book.receipts.select("receipt_id", "booked_on")
    rows = told.join(money, on="receipt_id").join(items, on="item_id", how="semi")
    rows = rows.group_by("item_id", paid_on=pl.coalesce("booked_on", "allocated_on")).agg(pl.col("amount").sum())
    return rows.filter(pl.col("paid_on") > day)


def outcomes(book: Book, day: date, items: pl.DataFrame) -> pl.DataFrame:
    """Items of which money came: said, whether the first payment left a rest, as known on the last day."""
    end = history(book, LAST_DAY).select("item_id", "part_on", "paid_on")
    rows = items.filter(~pl.col("rest")).join(end, on="item_id")
    rows = rows.filter(pl.coalesce("part_on", "paid_on") > day)
    return rows.select("said", parted=pl.col("part_on").is_not_null())


def misses(of: Looked, paid: pl.DataFrame, day: date) -> dict[str, tuple[float, float]]:
    """By forecaster: by how much the weekly money of the main currency was missed, and how much came."""
    main = of.items["currency"].mode()[0]
    mine = (of.items["currency"] == main).to_numpy()
    week = (pl.col("paid_on") - day - pl.duration(days=1)).dt.total_days() // 7
    told = paid.join(of.items.filter(currency=main), on="item_id", how="semi").group_by(week=week).agg(
        pl.col("amount").sum()
    )  # fmt: skip
    real = np.zeros(_WEEKS)
    for at, amount in told.filter(pl.col("week") < _WEEKS).iter_rows():
        real[at] = amount
    open_ = of.items["open"].to_numpy()[mine]
    return {
        name: (float(np.abs(open_ @ shares[mine] - real).sum()), float(real.sum())) for name, shares in of.weeks.items()
    }


def main(argv: list[str] | None = None) -> int:
    """Five days of the sample company."""
    call = arguments("Payments that leave something open", argv, options={
        "--seed": {"type": int, "default": 1, "help": "another seed, another company"},
    })  # fmt: skip
    book = sample(call.scaled(1_500), call.extra["seed"]).book
    settled = history(book, LAST_DAY).select("item_id", "paid_on")
    ends, rest_rows, missed, real = [], [], dict.fromkeys((_WHOLE, _MONEY), 0.0), 0.0
    for day in DAYS:
        print(day, flush=True)
        of = looked(book, day)
        paid = came(book, day, of.items)
        ends.append(outcomes(book, day, of.items))
        rest_rows.append(of.items.filter("rest").join(settled, on="item_id", how="left").with_columns(day=pl.lit(day)))
        for name, (miss, money) in misses(of, paid, day).items():
            missed[name] += miss
            real += money if name == _MONEY else 0.0
    return report(call, [*_parted(pl.concat(ends)), *_rested(pl.concat(rest_rows)), *_cash(missed, real)])


def _parted(rows: pl.DataFrame) -> list[Figure]:
    said, parted = rows["said"].to_numpy(), rows["parted"].to_numpy().astype(np.float64)
    flat = parted.mean()
    gain = 1 - np.mean((said - parted) ** 2) / np.mean((flat - parted) ** 2)
    top = said >= np.quantile(said, 0.9)
    return [
        Figure("payments after a look", rows.height),
        Figure("left a rest", 100 * flat, "%"),
        Figure("said so", 100 * said.mean(), "%"),
        Figure("tenth of the items likeliest to: left a rest", 100 * parted[top].mean(), "%"),
        Figure("tenth of the items likeliest to: said so", 100 * said[top].mean(), "%"),
        Figure("Brier score below that of one share for all by", 100 * gain, "%"),
    ]


def _rested(rows: pl.DataFrame) -> list[Figure]:
    found = [Figure("items paid in part", rows.height)]
    for days in _REST_DAYS:
        # What was credited after its payment has the day of that payment: no money came since.
        came_by = pl.col("paid_on").is_between(pl.col("day") + timedelta(days=1), pl.col("day") + timedelta(days=days))
        came_by = came_by.fill_null(False)
        shares = rows.select(pl.col(f"by_{days}").mean(), came=came_by.mean()).row(0)
        found += [
            Figure(f"rests paid within {days} days, said", 100 * shares[0], "%"),
            Figure(f"rests paid within {days} days", 100 * shares[1], "%"),
        ]
    return found


def _cash(missed: dict[str, float], real: float) -> list[Figure]:
    return [
        Figure("money of four weeks missed by (WAPE)", 100 * missed[_MONEY] / real, "%"),
        Figure("the same, as if every payment were whole", 100 * missed[_WHOLE] / real, "%"),
    ]


if __name__ == "__main__":
    sys.exit(main())
