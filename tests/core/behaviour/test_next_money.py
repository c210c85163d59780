"""The next money of a customer: beside a slow reckoning of the same sentence, item by item and day by day."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from encours.core.behaviour import Predictions, predict
from encours.core.behaviour.curves import day_when
from encours.core.behaviour.next_money import HORIZON_DAYS, NEXT_MONEY_SCHEMA, next_money
from tests.core.behaviour.books import day, habits

_HABITS = {"prompt": (0.0, 1.0), "late": (20.0, 3.0), "wild": (10.0, 25.0)}


def _found() -> Predictions:
    return predict(habits(_HABITS, invoices=90, last=300), day(300))


def test_the_first_day_is_that_by_which_none_of_the_weeks_is_unpaid() -> None:
    found = _found()
    spread = found.distribution()
    told = {row["customer_id"]: row for row in next_money(found).iter_rows(named=True)}
    assert set(told) == set(found.items["customer_id"])
    trial = found.model.trial
    levels = {"p10_on": (trial.low + 0.1) / 2, "p50_on": 0.5, "p90_on": (trial.high + 0.9) / 2}
    for customer, row in told.items():
        items = found.items.filter(customer_id=customer)
        expected = dict.fromkeys(levels)
        for ahead in range(1, HORIZON_DAYS + 1):
            on = found.as_of + timedelta(days=ahead)
            unpaid: dict[object, float] = {}
            for item in items.iter_rows(named=True):
                paid = 0.0
                for part in spread.filter(item_id=item["item_id"]).iter_rows(named=True):
                    inside = min(max((on - part["from_on"]).days + 1, 0), part["days"])
                    paid += part["p"] * inside / part["days"]
                week = item["due_on"] - timedelta(days=item["due_on"].weekday())
                unpaid[week] = min(unpaid.get(week, 1.0), 1.0 - paid)
            none = 1.0
            for share in unpaid.values():
                none *= share
            for name, level in levels.items():
                if expected[name] is None and 1.0 - none >= level - 1e-9:
                    expected[name] = on
        assert {name: row[name] for name in levels} == expected, customer


def test_its_amount_is_that_of_the_items_that_come_by_then() -> None:
    found = _found()
    middle = day_when(found.curves, np.full(found.items.height, 0.5))
    own = found.items.with_columns(own_on=pl.Series(middle).cast(pl.Date))
    for row in next_money(found).iter_rows(named=True):
        items = own.filter(customer_id=row["customer_id"])
        first = max(row["p50_on"], items["own_on"].min()) + timedelta(days=2)
        came = items.filter(pl.col("own_on") <= first)
        assert (row["amount"], row["items"]) == (came["open"].sum(), came.height)
        assert row["items"] >= 1
        assert row["p10_on"] <= row["p50_on"] <= row["p90_on"]


def test_without_open_items_there_is_no_next_money() -> None:
    found = predict(habits({"prompt": (0.0, 1.0)}, invoices=3, last=300), day(300))
    assert next_money(found).schema == pl.Schema(NEXT_MONEY_SCHEMA)
    assert not next_money(found).height
