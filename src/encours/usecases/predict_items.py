"""What is expected of an entity's open items on a day, with its Book: worked out once, kept in Parquet beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours import __version__
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.behaviour import Model, Predictions, Study, learn, model_of, study
from encours.core.behaviour.history import DECIDED, INTERVAL
from encours.core.behaviour.predict import predict_studied
from encours.store import parquet
from encours.store.models import Item, PaymentModel, Proposal, ProposalLine
from encours.usecases.expected_files import PAID_SCHEMA, read_files, stamp_of, write_files

#: The last payments of a customer that are kept for its picture.
_PICTURED = 400
#: A match that takes so much of what is open settles it.
_NEARLY = 0.9


@dataclass(frozen=True, eq=False)
class Predicted:
    """An entity's predictions on a day, what they rest on, and the state of the facts that was read."""

    book: Book
    of: Study
    found: Predictions
    stamp: str


def predictions_of(entity_id: str, day: date) -> tuple[pl.DataFrame, pl.DataFrame, Book]:
    """The open items as expected at the end of `day`, their distributions, and the Book with all its versions.

    Items are core's PREDICTION_SCHEMA; distributions item_id, from_on, days, p (what is missing to 1 is later, or
    never). Those kept last are given where they are of this day and these facts; else they are worked out with the
    entity's kept model (one learnt now where it has none) and kept instead. Nothing is written to the database.
    """
    stamp = stamp_of(entity_id)  # before the book is read: what comes in between is then seen as a change
    book = parquet.read_book([entity_id])
    kept = read_files(entity_id, _name(day, stamp, _model_day(entity_id)), ["items", "spread"])
    if kept is not None:
        return kept[0], kept[1], book
    of = study(book, day)
    model = kept_model(entity_id) or learn(of)
    found = predict_studied(book, of, model, waiting_matches(entity_id))
    return (*keep(entity_id, Predicted(book, of, found, stamp)), book)


def waiting_matches(entity_id: str) -> pl.DataFrame:
    """item_id, confidence: items that money which came would settle, nearly whole, once a person says so."""
    waiting = ProposalLine.objects.filter(
        proposal__entity_id=entity_id, proposal__state=Proposal.State.OPEN, kind="cash", amount__gt=0
    ).exclude(proposal__decision="none")
    open_now = Item.objects.filter(entity_id=entity_id, is_current=True, item_id__in=waiting.values("item_id"))
    owed = dict(open_now.values_list("item_id", "open"))
    lines = waiting.values_list("item_id", "amount", "proposal__confidence")
    best: dict[str, float] = {}
    for item_id, amount, confidence in lines:
        if amount >= _NEARLY * owed.get(item_id, amount + 1):
            best[item_id] = max(confidence, best.get(item_id, 0.0))
    rows = sorted(best.items())
    return pl.DataFrame(rows, schema={"item_id": pl.String, "confidence": pl.Float64}, orient="row")


def kept_model(entity_id: str) -> Model | None:
    """The entity's model as it was learnt; None where there is none, or one that this version cannot read."""
    text = PaymentModel.objects.filter(entity_id=entity_id).values_list("text", flat=True).first()
    if text is None:
        return None
    try:
        return model_of(text)
    except (CallError, ValueError, KeyError):  # learnt by another version, or damaged: it is learnt anew
        return None


def keep(entity_id: str, predicted: Predicted) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keeps predictions as the entity's latest, and gives items and distributions."""
    found = predicted.found
    items, spread = found.items, found.distribution()
    name = _name(found.as_of, predicted.stamp, found.model.learnt_on)
    write_files(entity_id, name, {"items": items, "spread": spread, "paid": _paid(predicted.of)})
    return items, spread


def _paid(of: Study) -> pl.DataFrame:
    """Payments that the customer decided on, the latest of each customer."""
    decided = pl.col("ending").is_in([DECIDED, INTERVAL]) & pl.col("delay_days").is_not_null()
    told = of.history.filter(decided).sort("customer_id", "paid_on", "item_id")
    last = told.group_by("customer_id", maintain_order=True).tail(_PICTURED)
    return last.select(pl.col(name).cast(dtype) for name, dtype in PAID_SCHEMA.items())


def _name(day: date, stamp: str, learnt_on: date | None) -> str:
    return f"{day}/{stamp}/{learnt_on}/{__version__}"


def _model_day(entity_id: str) -> date | None:
    return PaymentModel.objects.filter(entity_id=entity_id).values_list("learnt_on", flat=True).first()
