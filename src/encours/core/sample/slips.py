"""Customers who change their habit from a day on: suddenly, little by little, or by paying nothing any more."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.sample.draws import Bools, Floats, Ints, Texts, generator, pick

#: How a habit changes. Who `stops` fails: a court opens insolvency some months later.
HOW = {"sudden": 0.4, "gradual": 0.35, "stops": 0.25}
_FAR = 100_000
_STEADY, _SENT = ("prompt", "run", "late"), ("transfer", "cheque")


class Slips(NamedTuple):
    """One entry a customer. `how`: none or one of HOW; from day `on` payments come later, by `days` once `span` days
    have passed; `stops_on`: the day from which nothing is paid, and `judged_on` that of the court (far off: never)."""

    how: Texts
    on: Ints
    days: Floats
    span: Ints
    stops_on: Ints
    judged_on: Ints


def slips(share: float, seed: int, habit: Texts, method: Texts, payer: Ints, first: int, last: int) -> Slips:
    """Who slips of those with a steady habit who send their money themselves; a payer's customers slip with it."""
    rng, size = generator(seed, "slips"), len(habit)
    steady = np.isin(habit, _STEADY) & np.isin(method, _SENT) & (payer == np.arange(size))
    chosen = steady & (rng.random(size) < share)
    how = pick(rng, HOW, size)
    how[~chosen] = "none"
    # A habit shows before it changes, and what comes of the change shows before the last day.
    on = rng.integers(first + (last - first) // 2, last - 60, size)
    sudden, gradual = how == "sudden", how == "gradual"
    days = np.where(sudden, rng.uniform(15, 45, size), np.where(gradual, rng.uniform(25, 60, size), 0.0))
    span = np.where(gradual, rng.integers(60, 181, size), 1)
    stops = how == "stops"
    court = on + rng.integers(60, 121, size)
    on, far = np.where(chosen, on, last + _FAR), np.full(size, last + _FAR)
    stops_on, judged_on = np.where(stops, on, far), np.where(stops, court, far)
    return Slips(how[payer], on[payer], days[payer], span[payer], stops_on[payer], judged_on[payer])


def slipped_days(found: Slips, payer: Ints, due: Ints) -> Floats:
    """By how many days each item, due on a day, is paid later than its payer was used to."""
    share = np.clip((due - found.on[payer]) / found.span[payer], 0.0, 1.0)
    return np.asarray(found.days[payer] * share)


def stopped(found: Slips, payer: Ints, day: Ints) -> Bools:
    """Whether what would be paid on a day is not paid, because its payer has stopped."""
    return np.asarray(day >= found.stops_on[payer])
