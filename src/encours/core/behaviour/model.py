"""The model of a book's payment days as it is kept from one night to the next: trees, range, the duel it won."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from encours.core.base.issue import CallError
from encours.core.base.trees import trees_of
from encours.core.behaviour.calibrate import MODEL, Trial, tried
from encours.core.behaviour.learn import Learnt, learn_trees
from encours.core.behaviour.rows import FEATURES
from encours.core.behaviour.study import Study


@dataclass(frozen=True, eq=False)
class Model:
    """What was learnt of a book on `learnt_on` from `payments` payments; `learnt` None: payers' own figures."""

    learnt_on: date
    payments: int
    trial: Trial
    learnt: Learnt | None

    @property
    def basis(self) -> str:
        """Who forecasts: `model` or `own_median`."""
        return self.trial.basis

    def sentence(self) -> str:
        """How far the forecasts of this book can be trusted, for its users."""
        if self.learnt is None and not self.trial.duel:
            return f"{self.payments} payments are too few for a model: each payer's own past is shown instead."
        duel = self.trial.duel
        if self.learnt is None:
            return "On this book no model beats each payer's own median delay: the payers' own past is shown instead."
        if not duel:
            return "There is a model, but too little time has passed to try it on this book."
        ours, own, due = (duel[name]["mae"] for name in ("model", "own_median", "due_date"))
        return (
            f"On the last {duel['model']['forecasts']:.0f} forecasts before {self.learnt_on} the model was {ours:.1f} "
            f"days off, "
            f"the payers' own medians {own:.1f}, the due dates {due:.1f}."
        )

    def as_text(self) -> str:
        """The model as JSON; `model_of` reads it."""
        held: dict[str, Any] = {
            "learnt_on": self.learnt_on.isoformat(),
            "payments": self.payments,
            "trial": self.trial._asdict(),
            "features": list(FEATURES),
        }
        if self.learnt is not None:
            held["trees"] = self.learnt.nodes
            held |= {"rows": self.learnt.rows.tolist(), "late": self.learnt.late, "closed": self.learnt.closed}
        return json.dumps(held, separators=(",", ":"))


def model_of(text: str) -> Model:
    """A model from its text. Raises CallError where it was learnt on other features than are computed now."""
    held = json.loads(text)
    if held["features"] != list(FEATURES):
        raise CallError(["the model was learnt on other features: learn it anew"])
    learnt = None
    if nodes := held.get("trees"):
        learnt = Learnt(trees_of(nodes), nodes, np.array(held["rows"]), held["late"], held["closed"])
    return Model(date.fromisoformat(held["learnt_on"]), held["payments"], Trial(**held["trial"]), learnt)


def learn(study: Study) -> Model:
    """Tries a model on the weeks before the studied day, and learns it on all that is known.

    Side by side, although what loses its trial was learnt for nothing: most win, and the night is half as long.
    """
    with ThreadPoolExecutor(1) as beside:
        whole = beside.submit(learn_trees, study)
        trial = tried(study)
        learnt = whole.result()
    return Model(study.as_of, study.payments_by(study.day), trial, learnt if trial.basis == MODEL else None)
