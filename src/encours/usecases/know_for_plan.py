"""What a plan needs to know beside a book: read off the book itself, where no database holds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.calibrate import OWN_MEDIAN, USUAL, Trial
from encours.core.behaviour.model import Model
from encours.core.dunning.facts import facts
from encours.core.dunning.freshness import freshness
from encours.core.dunning.importance import importance
from encours.core.dunning.known import Known, Rules
from encours.core.dunning.scenario import Scenarios
from encours.usecases.folder_gaps import undated
from encours.usecases.match_receipts import match_receipts
from encours.usecases.predict_payments import Predicted, predict_payments

#: Working days by which a bank's file comes late at most, where none says when it came.
_LATE_DAYS = 3


def know_for_plan(
    book: Book,
    day: date,
    scenarios: Scenarios,
    rules: Rules | None = None,
    model: Model | None = None,
    learn: bool = False,
) -> tuple[Known, Predicted]:
    """Known at the end of `day` of a Book with all its versions, and the predictions that it rests on.

    Money that has come is matched to what it may pay. How each customer pays is read off its own past or, which takes
    minutes, learnt (`learn`; `model`: one learnt before); how far bank and ledger reach is read from their days. Holds,
    objections and notices are people's words: a book holds none, and notices count as given in time. Where no bank
    line says when it became known, its money holds _LATE_DAYS working days longer: files come after what they tell.
    """
    if rules is None:
        rules = Rules(assume_notices=True)
        if undated(book):
            rules = replace(rules, unapplied_days=rules.unapplied_days + _LATE_DAYS)
    known = {"proposals": proposals_of(book, day), "freshness": freshness(book.as_of(day), day)}
    own = Model(day, 0, Trial(OWN_MEDIAN, *USUAL, {}), None)
    predicted = predict_payments(book, day, model or (None if learn else own))
    weigh = importance(facts(book, day, Known(), scenarios))
    known["predictions"] = predicted.found.items
    known["flags"] = predicted.payers.flags.rename({"kind": "flag"})
    known["profiles"] = _profiles(predicted, weigh)
    return Known.of(rules, **known), predicted


def proposals_of(book: Book, day: date) -> pl.DataFrame:
    """known.PROPOSALS: what each receipt with money left probably pays."""
    if book.receipts.is_empty():
        return pl.DataFrame()
    found = match_receipts(book, day)
    decided = found.decisions.select("receipt_id", "confidence", "customer_id")
    rows = found.allocations.filter(pl.col("receipt_id").is_not_null()).select("receipt_id", "item_id", "amount")
    return rows.join(decided, on="receipt_id", how="left", maintain_order="left")


def _profiles(predicted: Predicted, weigh: pl.DataFrame) -> pl.DataFrame:
    figures = predicted.payers.profiles
    own = figures.select(
        "payments", "delay_median", "delay_p90", "share_late", "paid_year", "profile", customer_id="payer_id",
        promise_kept=pl.when(pl.col("promises") > 0).then(pl.col("promises_kept") / pl.col("promises")),
    )  # fmt: skip
    alerts = predicted.payers.alerts.unique("payer_id", keep="first", maintain_order=True)
    own = own.join(alerts.select("alert", customer_id="payer_id"), on="customer_id", how="left")
    return weigh.join(own, on="customer_id", how="left")
