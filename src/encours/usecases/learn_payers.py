"""Learns by night how each customer pays: the model where it must be, what is expected, habits, who changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from encours import __version__
from encours.core.behaviour import Model, Payers, know_payers, learn, study
from encours.core.behaviour.drift import Drift, drift
from encours.core.behaviour.flags import LEAVE_ALONE
from encours.core.behaviour.next_money import next_money
from encours.core.behaviour.predict import predict_studied
from encours.store import audit, bulk, parquet
from encours.store.models import ItemPrediction, PayerProfile, PaymentModel
from encours.usecases import clock
from encours.usecases.expected_files import stamp_of
from encours.usecases.manage_settings import setting
from encours.usecases.payer_deadlines import deadlines
from encours.usecases.predict_items import Predicted, keep, kept_model, waiting_matches
from encours.usecases.raise_signals import raise_signals
from encours.usecases.rights import Actor, require

#: Acting is for whoever may change what the engines rest on; by night it is the chain.
ACT = "manage_settings"
#: A model that misses what comes is learnt anew once a week at most.
_MISSED, _MOVED_AGAIN_DAYS = ("moved", "range", "beaten"), 7
#: Beside what asking a model gave: the day on which it was asked.
_ASKED_ON = "asked_on"
_FLAGS = ("kind", "until_on", "days_late", "own_p90", "p_abnormal", "sentence")
_NEXT = {
    "p50_on": "next_on", "p10_on": "next_from_on", "p90_on": "next_to_on", "amount": "next_amount",
    "items": "next_items", "last_due_on": "next_due_on",
}  # fmt: skip


@dataclass(frozen=True)
class Learnt:
    """What one night did for an entity. `reason`: why its model was learnt anew (none: it was not; same: nothing at
    all had to be done)."""

    entity_id: str
    items: int
    customers: int
    raised: int
    gone: int
    reason: str


def learn_payers(
    actor: Actor, entity_ids: Sequence[str] | None = None, day: date | None = None, *, refit: bool = True
) -> list[Learnt]:
    """Brings what is known of payers up to `day` (today), one transaction an entity.

    Without `refit`, by day, only what is expected is worked out anew, with the model of the last night.

    Done again on the same facts it does nothing; killed, it goes on with the entity it was at. Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require(actor, ACT, entity_id)
    return [_learn(actor, entity_id, day or clock.today(), refit) for entity_id in wanted]


def _learn(actor: Actor, entity_id: str, day: date, refit: bool) -> Learnt:
    stamp = stamp_of(entity_id)
    if _stands(entity_id, day, stamp, refit):
        return Learnt(entity_id, 0, 0, 0, 0, "same")
    kept = kept_model(entity_id)
    if kept is None and not refit:
        return Learnt(entity_id, 0, 0, 0, 0, "none")
    book = parquet.read_book([entity_id])
    of = study(book, day)
    asked = drift(of, kept) if kept is not None and refit else None
    reason = "none" if not refit else _reason(entity_id, day, kept.learnt_on if kept else day, asked)
    model = learn(of) if kept is None or reason != "none" else kept
    found = predict_studied(book, of, model, waiting_matches(entity_id))
    predicted = Predicted(book, of, found, stamp)
    rate = setting("money.percent", entity_id, day) / 100
    known = know_payers(book, of, predicted.found, deadlines(book.as_of(day)), rate)
    keep(entity_id, predicted)
    with transaction.atomic():
        bulk.lock(f"payers:{entity_id}")
        items, customers = _write_rows(entity_id, predicted, known)
        raised, gone = raise_signals(entity_id, day, known, predicted.found)
        _write_model(actor, entity_id, predicted, reason, asked)
    return Learnt(entity_id, items, customers, raised, gone, reason)


def _stands(entity_id: str, day: date, stamp: str, refit: bool) -> bool:
    """Whether these facts were looked at on the day. For a refit the model must have been learnt or asked that day:
    what is worked out between two imports asks it nothing."""
    row = PaymentModel.objects.filter(entity_id=entity_id, as_of=day, stamp=stamp, engine=__version__).first()
    return row is not None and (not refit or row.learnt_on == day or row.drift.get(_ASKED_ON) == day.isoformat())


def _reason(entity_id: str, day: date, learnt_on: date, asked: Drift | None) -> str:
    """Why a model is learnt: the first one, one of another version, or what asking the kept one gave."""
    if asked is not None:
        # What a model learnt a few days ago gets wrong, the same weeks will not mend.
        waits = asked.reason in _MISSED and (day - learnt_on).days < _MOVED_AGAIN_DAYS
        return "none" if waits else asked.reason
    return "version" if PaymentModel.objects.filter(entity_id=entity_id).exists() else "first"


def _write_rows(entity_id: str, predicted: Predicted, known: Payers) -> tuple[int, int]:
    items = item_rows(predicted, known)
    customers = customer_rows(predicted, known)
    for model, rows in ((ItemPrediction, items), (PayerProfile, customers)):
        # By the key, too: an item or a customer can have come from another entity's book.
        model._default_manager.filter(entity_id=entity_id).delete()
        bulk.insert(model, rows)
    return items.height, customers.height


def item_rows(predicted: Predicted, known: Payers) -> pl.DataFrame:
    """One row an open item in the columns of ItemPrediction."""
    flagged = known.flags.select("item_id", *_FLAGS)
    rows = predicted.found.items.join(flagged, on="item_id", how="left", maintain_order="left")
    return rows.with_columns(
        as_of=pl.lit(predicted.found.as_of),
        shift_says=pl.col("shift").replace_strict(predicted.found.says, default=None, return_dtype=pl.String),
    )


def customer_rows(predicted: Predicted, known: Payers) -> pl.DataFrame:
    """One row a customer with a history in the columns of PayerProfile."""
    who = predicted.of.history.select("customer_id", "entity_id", "payer_id")
    who = who.unique("customer_id", keep="last", maintain_order=True)
    rated = known.profiles.with_columns(yearly_rate=pl.lit(known.yearly_rate))
    costs = known.costs.select("customer_id", "late_cost", cost_currency="currency")
    profiles = rated.select(
        "payer_id", "profile", "why", "payments",
        figures=pl.struct(pl.exclude("payer_id", "profile", "why")).struct.json_encode(),
    )  # fmt: skip
    alone = known.flags.filter(pl.col("kind") == LEAVE_ALONE)
    left = alone.group_by("customer_id", "currency").agg(
        alone_items=pl.len(), alone_amount=pl.col("open").sum(), alone_until_on=pl.col("until_on").min()
    )
    renamed = [pl.col(ours).alias(kept) for ours, kept in _NEXT.items()]
    money = next_money(predicted.found).select("customer_id", "currency", *renamed)
    # One currency a customer: that in which money comes first.
    first = money.sort("customer_id", "next_on", "currency", nulls_last=True).unique(
        "customer_id", keep="first", maintain_order=True
    )
    rows = who.sort("customer_id").join(profiles, on="payer_id", how="inner", maintain_order="left")
    rows = rows.join(costs, on="customer_id", how="left", maintain_order="left")
    rows = rows.join(first, on="customer_id", how="left", maintain_order="left")
    rows = rows.join(left, on=["customer_id", "currency"], how="left", maintain_order="left")
    return rows.with_columns(pl.col("alone_items", "alone_amount").fill_null(0), as_of=pl.lit(predicted.found.as_of))


def _write_model(actor: Actor, entity_id: str, predicted: Predicted, reason: str, asked: Drift | None) -> None:
    found, at = predicted.found, clock.now()
    values: dict[str, Any] = {
        "lag_days": found.lag,
        "as_of": found.as_of,
        "stamp": predicted.stamp,
        "engine": __version__,
        "made_at": at,
    }
    if asked is not None:
        values["drift"] = {**asked._asdict(), _ASKED_ON: found.as_of.isoformat()}
    if reason != "none":
        values.setdefault("drift", {})
        model: Model = found.model
        values |= {
            "learnt_on": model.learnt_on,
            "payments": model.payments,
            "basis": model.basis,
            "says": model.sentence(),
            "trial": json.loads(json.dumps(model.trial._asdict(), default=float)),
            "reason": reason,
            "text": model.as_text(),
        }
        told = {"payments": model.payments, "basis": model.basis}
        audit.append(at, actor.name, "learn_payers", entity_id=entity_id, after=told, why=reason)
    PaymentModel.objects.update_or_create(entity_id=entity_id, defaults=values)
