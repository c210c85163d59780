"""When each open item will be paid: one distribution an item, and every figure read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import Issues
from encours.core.behaviour.baselines import own_median
from encours.core.behaviour.calibrate import OWN_MEDIAN, OWN_PAST, THIN
from encours.core.behaviour.curves import Curves, day_when, left_at, mean_day, paid_between, parts_moved, postponed
from encours.core.behaviour.distribute import Distributed, distribute
from encours.core.behaviour.grid import Float32, Int32, Int64
from encours.core.behaviour.looks import standing
from encours.core.behaviour.model import Model, learn
from encours.core.behaviour.own import SAID
from encours.core.behaviour.panel import day_number
from encours.core.behaviour.rests import of_money, rests
from encours.core.behaviour.shift import SHIFT_SCHEMA, divided
from encours.core.behaviour.shifts import shifts
from encours.core.behaviour.shifts.probably_paid import SHIFT as PROBABLY_PAID
from encours.core.behaviour.shifts.probably_paid import proposed
from encours.core.behaviour.study import Study, study
from encours.core.behaviour.tails import LONG

WEEKS = 13
_PAYMENTS = SAID.index("payments")

#: One row an open item. The dates are those of its money: by `p50_on` half of what is open has come. `p_late`: the
#: share of it that is likely to come after the due date (1: it is late); `p_unpaid_90`: later than 90 days after it;
#: `p_partial`: the chance that the next payment leaves something open, as this payer's did (`rests`). `basis`: what
#: the dates rest on (model, model_thin, own_past, book). `payments`: known payments of the payer. `shift`: the first
#: rule that moved it or a part of it.
PREDICTION_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),
    "payer_id": pl.String(),
    "currency": pl.String(),
    "open": pl.Int64(),
    "due_on": pl.Date(),
    "p10_on": pl.Date(),
    "p50_on": pl.Date(),
    "p90_on": pl.Date(),
    "expected_on": pl.Date(),
    "p_late": pl.Float64(),
    "p_unpaid_90": pl.Float64(),
    "p_partial": pl.Float64(),
    "basis": pl.String(),
    "payments": pl.Int64(),
    "shift": pl.String(),
}


@dataclass(frozen=True, eq=False)
class Predictions:
    """`items` (PREDICTION_SCHEMA), their distributions in the same order, the model, what was wrong or thin.

    `lag`: days that payments take to be known in this book; an item may have been paid so long ago. `says`: the
    sentence of each rule that moved an item, with its figures.
    """

    as_of: date
    items: pl.DataFrame
    curves: Curves
    model: Model
    issues: pl.DataFrame
    lag: int = 0
    says: dict[str, str] = field(default_factory=dict)

    def weeks(self, count: int = WEEKS) -> pl.DataFrame:
        """item_id, week_start, p: the chance of payment in each of `count` weeks; the first begins the day after
        `as_of`."""
        spans = paid_between(self.curves, day_number(self.as_of) + 1, 7, count)
        days = [self.as_of + timedelta(days=1 + 7 * week) for week in range(count)]
        starts = pl.DataFrame({"week_start": days}, schema={"week_start": pl.Date})
        rows = self.items.select("item_id").join(starts, how="cross", maintain_order="left_right")
        return rows.with_columns(p=pl.Series(spans.reshape(-1), dtype=pl.Float64))

    def distribution(self) -> pl.DataFrame:
        """item_id, from_on, days, p: each item's distribution, evenly within the days of a row; what is missing to 1
        is later than a year after the due date, or never."""
        curves = self.curves
        size = np.diff(curves.first)
        before = np.ones(len(curves.left))
        before[1:] = curves.left[:-1]
        before[curves.first[:-1][size > 0]] = 1.0
        return pl.DataFrame(
            {
                "item_id": self.items["item_id"].gather(np.repeat(np.arange(len(size)), size)),
                "from_on": pl.Series(curves.begin).cast(pl.Date),
                "days": pl.Series(curves.length),
                "p": before - curves.left,
            }
        )


def predict(book: Book, as_of: date, model: Model | None = None, proposals: pl.DataFrame | None = None) -> Predictions:
    """Predicts every item with a positive open amount as known at the end of `as_of`; payment starts the day after.

    Takes a Book with all its versions. `model`: one learnt before (`model.learn`); None learns one now. `proposals`
    (item_id, confidence): matches of money that has come, which wait for a person.
    """
    return predict_studied(book, study(book, as_of), model, proposals)


def predict_studied(
    book: Book, of: Study, model: Model | None = None, proposals: pl.DataFrame | None = None
) -> Predictions:
    """The same of a book studied already."""
    model = learn(of) if model is None else model
    item, day = standing(of, of.day)
    found = _next_payment(of, item, day, model)
    rows = of.history.select(*(name for name in PREDICTION_SCHEMA if name in of.history.columns))[of.items.row[item]]
    moved = _moved(book, of, rows, proposals)
    known = rests(of.items, of.day, of.lag)
    curves = of_money(found.curves, of.items, item, known)
    curves = _shifted(curves, moved) if moved.height else curves
    shift = _first(rows, moved)
    p10, p50, p90 = _quantiles(of, model, item, day, found.said, curves, shift)
    due = of.items.due[item]
    days = {"p10_on": p10, "p50_on": p50, "p90_on": p90, "expected_on": np.rint(mean_day(curves)).astype(np.int32)}
    rows = rows.with_columns(
        **{name: pl.Series(values).cast(pl.Date) for name, values in days.items()},
        p_late=pl.Series(left_at(curves, due)),
        p_unpaid_90=pl.Series(left_at(curves, due + 90)),
        p_partial=pl.Series(known.chance[of.items.payer[item]].sum(axis=1)),
        payments=pl.Series(found.said[:, _PAYMENTS].astype(np.int64)),
        shift=shift,
    )
    rows = rows.with_columns(basis=_basis(model))
    rows = rows.select(pl.col(name).cast(dtype) for name, dtype in PREDICTION_SCHEMA.items())
    return Predictions(of.as_of, rows, curves, model, _issues(model), of.lag, _says(moved))


def _next_payment(of: Study, item: Int64, day: Int32, model: Model) -> Distributed:
    """The curves of the model; of payers with few payments those of their own past, where that was nearer."""
    found = distribute(of, item, day, model.learnt)
    if model.learnt is None or model.trial.thin != OWN_PAST:
        return found
    few, left = found.said[:, _PAYMENTS] < THIN, found.curves.left.copy()
    left[np.repeat(few, np.diff(found.curves.first))] = distribute(of, item[few], day[few], None).curves.left
    return found._replace(curves=found.curves._replace(left=left))


def _quantiles(
    of: Study, model: Model, item: Int64, day: Int32, said: Float32, curves: Curves, shift: pl.Series
) -> tuple[Int32, Int32, Int32]:
    """P10, P50, P90 as days since 1970, in order.

    Where no model won, P50 is the payer's own median; of an item that has stood for LONG days, or was paid in part, the
    median would say "tomorrow" for years, so its curve is asked.
    """
    count = len(item)
    p10, p90 = (day_when(curves, np.full(count, level)) for level in (model.trial.low, model.trial.high))
    p50 = day_when(curves, np.full(count, 0.5))
    if model.basis == OWN_MEDIAN:
        own = (own_median(of, item, day, said).p50 + of.items.due[item]).astype(np.int32)
        usual = shift.is_null().to_numpy() & (day - of.items.due[item] <= LONG) & ~of.items.rest[item]
        p50 = np.where(usual, own, p50).astype(np.int32)
    assert not len(day) or (p50 > day).all()
    return np.minimum(p10, p50), p50, np.maximum(p90, p50)


def _basis(model: Model) -> pl.Expr:
    thin, none = pl.col("payments") < THIN, pl.col("payments") == 0
    own = pl.when(none).then(pl.lit("book")).otherwise(pl.lit("own_past"))
    if model.learnt is None:
        return own
    if model.trial.thin == OWN_PAST:
        return pl.when(thin).then(own).otherwise(pl.lit("model"))
    return pl.when(none).then(pl.lit("book")).when(thin).then(pl.lit("model_thin")).otherwise(pl.lit("model"))


def _moved(book: Book, of: Study, rows: pl.DataFrame, proposals: pl.DataFrame | None) -> pl.DataFrame:
    """What rules move of the rows: SHIFT_SCHEMA, `shift` and `place`, the row's place; in the order they are asked."""
    known = book.as_of(of.as_of)
    waits = [] if proposals is None else [proposed(proposals, of.as_of)]
    found = [part.select(*SHIFT_SCHEMA, shift=pl.lit(PROBABLY_PAID.name)) for part in waits]
    found += [
        rule.find(known, of.history, of.as_of).select(*SHIFT_SCHEMA, shift=pl.lit(rule.name)) for rule in shifts()
    ]
    places = rows.select("item_id").with_row_index("place")
    return divided(pl.concat(found).join(places, on="item_id", how="inner", maintain_order="left"))


def _says(moved: pl.DataFrame) -> dict[str, str]:
    """The sentence of each rule that moves something, with its chance and the cases behind it."""
    told = moved.group_by("shift").agg(kept=pl.col("kept").first(), measured=pl.col("measured").first())
    figures = {row["shift"]: row for row in told.iter_rows(named=True)}
    return {
        rule.name: rule.sentence.format(kept=round(100 * row["kept"]), measured=row["measured"])
        for rule in shifts()
        if (row := figures.get(rule.name)) is not None
    }


def _first(rows: pl.DataFrame, moved: pl.DataFrame) -> pl.Series:
    """The first rule that moves each row; null where none does."""
    first = moved.unique("item_id", keep="first", maintain_order=True).select("item_id", "shift")
    return rows.select("item_id").join(first, on="item_id", how="left", maintain_order="left")["shift"]


def _shifted(curves: Curves, moved: pl.DataFrame) -> Curves:
    """The curves of which some are moved; those of which nothing is known stay as they are."""
    until, early, late = (
        moved[name].to_physical().to_numpy().astype(np.int32) for name in ("until_on", "early_on", "late_on")
    )
    place, share, kept = (moved[name].to_numpy() for name in ("place", "share", "kept"))
    return parts_moved(curves, place.astype(np.int64), share, lambda of: postponed(of, until, kept.copy(), early, late))


def _issues(model: Model) -> pl.DataFrame:
    issues = Issues()
    if model.learnt is None:
        issues.add("history_thin" if not model.trial.duel else "model_beaten", model.sentence(), severity="info")
    return issues.frame()
