"""The past replayed: on each day the open items are predicted from what was known then, and set beside what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.behaviour.baselines import Baseline, due_date, own_median
from encours.core.behaviour.history import history
from encours.core.behaviour.looks import looks_at, standing
from encours.core.behaviour.model import Model, learn
from encours.core.behaviour.predict import predict_studied
from encours.core.behaviour.score import area_under_curve, calibration_error, figures, reliability
from encours.core.behaviour.study import Study, study

#: A model is learnt anew after so many days of a replay.
REFIT_DAYS = 28
#: A forecast is judged once so many days have passed: eight weeks.
OUTCOME_DAYS = 56
FORECASTERS = ("model", "own_median", "due_date")
_LEVELS = ("p10", "p50", "p90")


@dataclass(frozen=True)
class Replay:
    """`forecasts`: PREDICTION_SCHEMA, `day` (as of), `paid_on` (what came), `delay_days` from the due date, and in days
    from the due date what each of FORECASTERS said (`model_p10` …). `figures`: a row a forecaster and month."""

    forecasts: pl.DataFrame
    figures: pl.DataFrame

    def reliability(self) -> pl.DataFrame:
        """What P(late) said beside what came, by tenths; items that were late already are left out."""
        rows = self.forecasts.filter(pl.col("due_on") > pl.col("day"))
        return reliability((rows["delay_days"] > 0).to_numpy(), rows["p_late"].to_numpy())


def replay(book: Book, days: Iterable[date], judged_on: date, watch: Callable[[date], None] | None = None) -> Replay:
    """Predicts the open items of each day in turn, the model learnt every REFIT_DAYS days on what was known then.

    What came is what is known on `judged_on`; items unpaid by then are left out, as are those that were open on a day
    less than OUTCOME_DAYS before it. `watch` hears of every day. Raises CallError where no day can be judged.
    """
    wanted = sorted(day for day in set(days) if day <= judged_on - timedelta(days=OUTCOME_DAYS))
    if not wanted:
        raise CallError([f"no day lies {OUTCOME_DAYS} days before {judged_on}"])
    told = history(book, judged_on)
    model: Model | None = None
    parts = []
    for day in wanted:
        if watch:
            watch(day)
        of = study(book, day)
        if model is None or (day - model.learnt_on).days >= REFIT_DAYS:
            model = learn(of)
        parts.append(_one_day(book, of, model).join(came(told, day), on="item_id", how="inner"))
    forecasts = pl.concat(parts)
    return Replay(forecasts, by_month(forecasts))


def came(told: pl.DataFrame, day: date) -> pl.DataFrame:
    """item_id, paid_on, delay_days: when half of the money that an item owed on a day had come, if it did after it.

    `told`: a later HISTORY_SCHEMA. What the bank had booked by `day`, and only we did not know, was no payment to be
    foreseen.
    """
    first = (pl.col("part_told_on") > day) & (2 * pl.col("rest") <= pl.col("amount"))
    rows = told.with_columns(paid_on=pl.when(first).then("part_on").otherwise("paid_on"))
    rows = rows.filter(pl.col("paid_on") > day)
    delay = (pl.col("paid_on") - pl.col("due_on")).dt.total_days().cast(pl.Int32)
    return rows.select("item_id", "paid_on", delay_days=delay)


def _one_day(book: Book, of: Study, model: Model) -> pl.DataFrame:
    found = predict_studied(book, of, model).items
    item, day = standing(of, of.day)
    looks, past = looks_at(of, item, day)
    beside = {"own_median": own_median(of, item, day, past.said[looks.own]), "due_date": due_date(of, item, day)}
    columns = [
        pl.Series(f"{name}_{level}", values)
        for name, said in beside.items()
        for level, values in zip(_LEVELS, _rounded(said), strict=True)
    ]
    ours = [
        (pl.col(f"{level}_on") - pl.col("due_on")).dt.total_days().cast(pl.Float64).alias(f"model_{level}")
        for level in _LEVELS
    ]
    return found.with_columns(pl.lit(of.as_of).alias("day"), *ours, *columns)


def _rounded(said: Baseline) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(values, dtype=np.float64) for values in said)


def by_month(forecasts: pl.DataFrame) -> pl.DataFrame:
    """month (null: all), forecaster, FIGURES, and for the model auc_late, late_error (ECE) of items not late yet."""
    rows = []
    months: list[date | None] = [None, *forecasts["day"].dt.month_start().unique().sort().to_list()]
    for month in months:
        part = forecasts if month is None else forecasts.filter(pl.col("day").dt.month_start() == month)
        late = (part["delay_days"] > 0).to_numpy()
        delay = part["delay_days"].to_numpy().astype(np.float64)
        for name in FORECASTERS:
            said = (part[f"{name}_{level}"].to_numpy() for level in _LEVELS)
            chance = part["p_late"] if name == "model" else part[f"{name}_p50"]
            row = {"month": month, "forecaster": name, **figures(delay, *said)}
            row["auc_late"] = area_under_curve(late, chance.to_numpy())
            row["late_error"] = calibration_error(late, part["p_late"].to_numpy()) if name == "model" else None
            rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)
