"""Predict a book folder: when each open item will be paid, how each customer pays, what calls for attention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.groups import payers as paying
from encours.core.base.issue import CallError
from encours.core.behaviour.flags import LEAVE_ALONE, PASSED
from encours.core.behaviour.model import Model, learn
from encours.core.behaviour.payers import Payers, know_payers
from encours.core.behaviour.predict import Predictions, predict_studied
from encours.core.behaviour.study import study
from encours.usecases.payer_deadlines import deadlines

#: The columns that `predictions` promises come first, what helps to read them after.
_FIRST = ("item_id", "p10_on", "p50_on", "p90_on", "p_late", "p_unpaid_90", "basis")
#: Figures of a payer that `payers.figures` holds, in the order in which a collector asks for them.
_FIGURES = (
    "payments", "open_items", "late_items", "delay_median", "delay_p10", "delay_p90", "recent_median", "long_median",
    "trend_days", "trend_year_days", "changed_on", "changed_days", "change_t", "large_days", "share_late", "share_full",
    "share_parts", "share_deducted", "share_disputed", "promises", "promises_kept", "drawn", "returned", "run_weekday",
    "run_month_days", "run_share", "channel", "lag_days", "last_paid_on", "late_cost", "currency",
)  # fmt: skip
#: Delays say their unit in `habits` where their name does not.
_IN_DAYS = ("delay_median", "delay_p10", "delay_p90", "recent_median", "long_median")
#: What an account has of its own, beside its payer's figures.
_OWN = ("late_cost", "currency")
_UNKNOWN = "Nothing is known of this customer's payments yet."


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a run gave: the day it stands on, the predictions, the payers, and what was wrong with the folder."""

    as_of: date
    found: Predictions
    payers: Payers
    customers: pl.DataFrame
    issues: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`predictions`: one row an open item; `payers`: one row a customer; `habits`: the same with a column a figure;
        `flags`: late items beside their payer's habit; `alerts`: every sign of change, the likeliest first; `weeks`:
        each item's chance of payment in each of 13 weeks."""
        found = self.found.items
        rest = [name for name in found.columns if name not in _FIRST]
        flagged = self.payers.flags.select("item_id", flag="kind", leave_until_on="until_on", flag_reason="sentence")
        items = found.select(*_FIRST, *rest).join(flagged, on="item_id", how="left", maintain_order="left")
        return {
            "predictions": items,
            "payers": self.customers,
            "habits": _habits(self.customers, self.payers),
            "flags": self.payers.flags,
            "weeks": self.found.weeks(),
            "alerts": self.payers.alerts.with_columns(pl.col("evidence").list.join(" ")),
        }

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the day, what the dates rest on, how the trial on the book's own past went, the counts."""
        model, items = self.found.model, self.found.items
        return {
            "as_of": self.as_of.isoformat(),
            "items": items.height,
            "forecaster": model.basis,
            "sentence": model.sentence(),
            "payments_learnt_from": model.payments,
            "levels": {"p10": model.trial.low, "p90": model.trial.high},
            "trial": model.trial.duel,
            "posting_lag_days": self.found.lag,
            "basis": _counts(items["basis"]),
            "shifts": _counts(items["shift"].drop_nulls()),
            "flags": _counts(self.payers.flags["kind"]),
            "profiles": _counts(self.customers["profile"].drop_nulls()),
            "alerts": _counts(self.payers.alerts["alert"]),
        }


def predict_payments(book: Book, as_of: date | None = None, model: Model | None = None) -> Predicted:
    """Predictions and payers of a Book with all its versions, as known at the end of `as_of` (default: its last day).

    `model`: one learnt before; None learns one on what was known that day. Raises CallError for a book without a day.
    """
    day = as_of or book.last_day()
    if day is None:
        raise CallError(["the book holds no dated fact; give --as-of"])
    of = study(book, day)
    found = predict_studied(book, of, learn(of) if model is None else model)
    payers = know_payers(book, of, found, deadlines(book.as_of(day)))
    return Predicted(day, found, payers, _customers(book.as_of(day), payers), found.issues)


def predict_book_folder(path: Path, as_of: date | None = None) -> Predicted:
    """The same on a book folder, with its issues before. Raises CallError where the folder is not a book."""
    book, issues = read_book(path)
    made = predict_payments(book, as_of)
    return Predicted(made.as_of, made.found, made.payers, made.customers, pl.concat([issues, made.issues]))


def _customers(known: Book, payers: Payers) -> pl.DataFrame:
    """customer_id, profile, alert?, reason, figures (JSON), payer_id, chance?: every customer, with the habit of who
    pays for it; `reason` is the sentence of `alert`, else the profile's.

    `alert` is the likeliest sign that the payer itself changes or fails. That some item has passed the own P90 is no
    such sign, one item in ten does: it stands with the item (`predictions.flag`) and among `alerts`.
    """
    who, _ = paying(known.customers, known.customer_links)
    profiles = payers.profiles.select("payer_id", "profile", "why", figures=_figures(payers.profiles.schema))
    changed = payers.alerts.filter(pl.col("alert") != PASSED)
    likeliest = changed.unique("payer_id", keep="first", maintain_order=True)
    rows = who.join(profiles, on="payer_id", how="left").join(
        likeliest.select("payer_id", "alert", "chance", "sentence"), on="payer_id", how="left"
    )
    return rows.select(
        "customer_id",
        pl.col("profile").fill_null("new"),
        "alert",
        reason=pl.coalesce("sentence", "why", pl.lit(_UNKNOWN)),
        figures=pl.col("figures").fill_null("{}"),
        payer_id="payer_id",
        chance="chance",
    ).sort("customer_id")


def _habits(customers: pl.DataFrame, payers: Payers) -> pl.DataFrame:
    """customer_id, payer_id, profile, alert, chance, leave_until_on, leave_items, then a column a figure of `_FIGURES`:
    delays in days after the due date, shares 0 … 1, counts; run days of the month as a text; last what the account's
    own delays cost a year, in minor units of its currency."""
    left = payers.flags.filter(pl.col("kind") == LEAVE_ALONE)
    alone = left.group_by("customer_id").agg(leave_until_on=pl.col("until_on").min(), leave_items=pl.len())
    days = pl.col("run_month_days").cast(pl.List(pl.String)).list.join(" ")
    figures = payers.profiles.with_columns(run_month_days=days)
    figures = figures.select("payer_id", *(name for name in _FIGURES if name not in _OWN))
    figures = figures.rename({name: f"{name}_days" for name in _IN_DAYS})
    own = payers.costs.select("customer_id", "currency", late_cost_minor="late_cost")
    rows = customers.select("customer_id", "payer_id", "profile", "alert", "chance")
    rows = rows.join(alone, on="customer_id", how="left", maintain_order="left")
    rows = rows.join(figures, on="payer_id", how="left", maintain_order="left")
    return rows.join(own, on="customer_id", how="left", maintain_order="left")


def _figures(schema: pl.Schema) -> pl.Expr:
    """A payer's figures as a JSON object; days and shares to a thousandth."""
    rounded = [pl.col(name).round(3) if schema[name].is_float() else pl.col(name) for name in _FIGURES]
    return pl.struct(rounded).struct.json_encode()


def _counts(values: pl.Series) -> dict[str, int]:
    return dict(sorted(values.value_counts().iter_rows()))
