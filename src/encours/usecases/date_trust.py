"""How far the dates of one entity can be trusted: the model's last trial, its duel, and what it said since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from encours.core.behaviour.drift import OLDEST_DAYS
from encours.store.models import PaymentModel

#: Who stood in the duel, in the order of the table.
FORECASTERS = ("model", "own_median", "due_date")


@dataclass(frozen=True)
class Dueller:
    """One forecaster on the trial's weeks: days off on average, shares within three days and in each tail (0 … 1)."""

    name: str
    error: float
    within_3: float
    below: float
    above: float

    @property
    def inside(self) -> float:
        """The share between P10 and P90."""
        return 1 - self.below - self.above


@dataclass(frozen=True)
class Band:
    """Items of which a similar chance of being late was said: what was said, how many were late (0 … 1), how many."""

    said: float
    happened: float
    count: int


@dataclass(frozen=True)
class Since:
    """What was said since the model was learnt and has come true; `reason`: what asking it gave, `on` which day.

    `foreseen`, `came`: payments over the last four weeks. `judged` 0: the rest says nothing yet.
    """

    on: date | None
    foreseen: int
    came: int
    judged: int
    below: float
    above: float
    error: float
    own_error: float
    reason: str

    @property
    def inside(self) -> float:
        """The share between P10 and P90."""
        return 1 - self.below - self.above


@dataclass(frozen=True)
class Thin:
    """Payers of few payments on the trial's weeks: how many forecasts, days off of the model and of their own past,
    and which of the two (model, own_past) forecasts them."""

    forecasts: int
    model: float
    own_past: float
    by: str


@dataclass(frozen=True)
class DateTrust:
    """`basis`: who forecasts (model, own_median). `learnt_on`: the day of the trial and of the last refit; `reason`:
    why then. `used`: what forecasts, on the trial's weeks; None where too little was known to try it."""

    says: str
    basis: str
    learnt_on: date
    next_by: date
    reason: str
    payments: int
    forecasts: int
    duel: list[Dueller] = field(default_factory=list)
    used: Dueller | None = None
    thin: Thin | None = None
    bands: list[Band] = field(default_factory=list)
    since: Since | None = None


def date_trust(entity_id: str) -> DateTrust | None:
    """What the last night kept of the entity's model; None before the first one."""
    row = PaymentModel.objects.defer("text").filter(entity_id=entity_id).first()
    if row is None:
        return None
    duel = row.trial.get("duel") or {}
    used = row.trial.get("used")
    return DateTrust(
        says=row.says,
        basis=row.basis,
        learnt_on=row.learnt_on,
        next_by=row.learnt_on + timedelta(days=OLDEST_DAYS + 1),
        reason=row.reason,
        payments=row.payments,
        forecasts=int((used or {}).get("forecasts", 0)),
        duel=[_dueller(name, duel[name]) for name in FORECASTERS if name in duel],
        used=_dueller(row.basis, used) if used else None,
        thin=_thin(row.trial),
        bands=[Band(one["said"], one["happened"], int(one["count"])) for one in row.trial.get("reliability") or ()],
        since=_since(row.drift),
    )


def _dueller(name: str, figures: dict[str, Any]) -> Dueller:
    return Dueller(name, figures["mae"], figures["within_3"], figures["below"], figures["above"])


def _thin(trial: dict[str, Any]) -> Thin | None:
    told = trial.get("thin_duel")
    return Thin(int(told["forecasts"]), told["model"], told["own_past"], trial["thin"]) if told else None


def _since(drift: dict[str, Any]) -> Since | None:
    if "foreseen" not in drift:
        return None  # learnt that night, and not asked since
    asked_on = drift.get("asked_on")
    return Since(
        on=date.fromisoformat(asked_on) if asked_on else None,
        foreseen=round(drift["foreseen"]),
        came=drift["came"],
        judged=drift.get("judged", 0),
        below=drift.get("below", 0.0),
        above=drift.get("above", 0.0),
        error=drift.get("error", 0.0),
        own_error=drift.get("own_error", 0.0),
        reason=drift["reason"],
    )
