"""What is expected of an entity's open items on a day, with its Book: worked out once, kept in Parquet beside it."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

import polars as pl
from django.conf import settings

from encours import __version__
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.behaviour import Model, Predictions, Study, learn, model_of, study
from encours.core.behaviour.predict import predict_studied
from encours.store import parquet
from encours.store.models import FactStamp, PaymentModel

_PARTS = ("items", "spread")


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
    kept = _kept(entity_id, _name(day, stamp, _model_day(entity_id)))
    if kept is not None:
        return kept[0], kept[1], book
    of = study(book, day)
    model = kept_model(entity_id) or learn(of)
    return (*keep(entity_id, Predicted(book, of, predict_studied(book, of, model), stamp)), book)


def kept_model(entity_id: str) -> Model | None:
    """The entity's model as it was learnt; None where there is none, or one that this version cannot read."""
    text = PaymentModel.objects.filter(entity_id=entity_id).values_list("text", flat=True).first()
    if text is None:
        return None
    try:
        return model_of(text)
    except CallError:  # learnt by another version: it is learnt anew
        return None


def stamp_of(entity_id: str) -> str:
    """The state of the entity's facts: changes with every import and every decision."""
    newest = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").values_list("number", "token").first()
    return f"{newest[0]}-{newest[1]}" if newest else "0"


def keep(entity_id: str, predicted: Predicted) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keeps predictions as the entity's latest and gives both frames; killed here, a process leaves the last ones."""
    found = predicted.found
    frames = (found.items, found.distribution())
    folder = _folder(entity_id)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for part, frame in zip(_PARTS, frames, strict=True):
        path = folder / f"{part}-{uuid.uuid4().hex}.parquet"
        frame.write_parquet(path, compression="lz4")
        files[part] = path.name
    name = _name(found.as_of, predicted.stamp, found.model.learnt_on)
    draft = folder / f"manifest-{uuid.uuid4().hex}.part"
    with draft.open("w") as out:
        json.dump({"name": name, "files": files}, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / "manifest.json")
    for path in folder.iterdir():
        if path.suffix in (".parquet", ".part") and path.name not in files.values():
            path.unlink(missing_ok=True)
    return frames


def _kept(entity_id: str, name: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    folder = _folder(entity_id)
    try:
        held = json.loads((folder / "manifest.json").read_text())
        if held["name"] != name:
            return None
        items, spread = (pl.read_parquet(folder / held["files"][part]) for part in _PARTS)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return None
    return items, spread


def _name(day: date, stamp: str, learnt_on: date | None) -> str:
    return f"{day}/{stamp}/{learnt_on}/{__version__}"


def _model_day(entity_id: str) -> date | None:
    return PaymentModel.objects.filter(entity_id=entity_id).values_list("learnt_on", flat=True).first()


def _folder(entity_id: str) -> Path:
    return Path(settings.HOME) / "expected" / f"entity-{quote(entity_id, safe='').replace('.', '%2E')}"
