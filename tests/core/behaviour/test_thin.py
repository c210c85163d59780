"""Payers of few payments: who forecasts them is decided by a duel of theirs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.behaviour import Model, distribute, learn, model_of, predict, study
from encours.core.behaviour.calibrate import MODEL, OWN_PAST, THIN
from encours.core.behaviour.looks import standing
from encours.core.behaviour.rows import FEATURES
from encours.core.behaviour.study import Study
from tests.core.behaviour.books import day, habits

_DAY = 420
_PAYMENTS = FEATURES.index("payments")


@cache
def company() -> Book:
    """16 customers with long histories, and 150 alike with an invoice in two months."""
    often = habits({f"C{n}": (float(n % 9) - 2, 1.0 + n % 3) for n in range(16)}, 160, 500)
    seldom = habits({f"F{n}": (5.0, 4.0) for n in range(150)}, 10, 500, seed=3, every=56)
    letters = seldom.allocations.with_columns(allocation_id=pl.concat_str(pl.lit("F"), "allocation_id"))
    return often.replace(
        customers=pl.concat([often.customers, seldom.customers]),
        items=pl.concat([often.items, seldom.items]),
        allocations=pl.concat([often.allocations, letters]),
    )


@cache
def studied() -> Study:
    """The company on day 420."""
    return study(company(), day(_DAY))


def _lost_on_few(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model that says "less likely than it is" of payers with few payments, and is as it was of the others."""
    real = distribute.hazards

    def slow(found: Any, learnt: Any) -> Any:
        few = found.features[:, _PAYMENTS] < THIN
        return np.where(few, 0.6, 1.0) * real(found, learnt)

    monkeypatch.setattr(distribute, "hazards", slow)
    return learn(studied())


def test_the_model_forecasts_payers_of_few_payments_while_it_is_nearer() -> None:
    model = learn(studied())
    assert (model.basis, model.trial.thin) == (MODEL, MODEL)
    duel = model.trial.thin_duel
    assert duel is not None
    assert duel["forecasts"] >= 150
    assert duel[MODEL] <= duel[OWN_PAST]
    rows = predict(company(), day(_DAY), model).items
    assert set(rows.filter(pl.col("payments") < THIN)["basis"]) == {"model_thin"}


def test_their_own_past_does_where_the_model_is_further_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(_lost_on_few(monkeypatch).as_text())
    assert (model.basis, model.trial.thin) == (MODEL, OWN_PAST)
    assert model.trial.thin_duel is not None
    assert model.trial.thin_duel[MODEL] > model.trial.thin_duel[OWN_PAST]
    found = predict(company(), day(_DAY), model)
    rows = found.items
    assert set(rows.filter(pl.col("payments") < THIN)["basis"]) == {"own_past"}
    assert set(rows.filter(pl.col("payments") >= THIN)["basis"]) == {"model"}
    item, on = standing(studied(), studied().day)
    few = np.repeat((rows["payments"] < THIN).to_numpy(), np.diff(found.curves.first))
    for learnt, of in ((None, few), (model.learnt, ~few)):
        said = distribute.distribute(studied(), item, on, learnt).curves.left
        assert found.curves.left[of].tolist() == said[of].tolist()
