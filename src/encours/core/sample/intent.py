"""When each item would be paid: terms, the payer's habit, its payment runs, and the day it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample.billing import Documents, Items
from encours.core.sample.cast import Cast
from encours.core.sample.draws import Bools, Ints, Texts, generator, month_end, month_start, working
from encours.core.sample.slips import slipped_days, stopped

NEVER = 10**7
DISCOUNT_RATE = 0.02
DISCOUNT_DAYS = 10
UNPAID_SHARE = 0.004
DEBIT_RETURN_SHARE = 0.035
DRAFT_UNPAID_SHARE = 0.025
#: So many days before it fails an insolvent customer begins to pay later and later.
STRAIN_DAYS = 150


@dataclass(frozen=True, eq=False)
class Intent:
    """One entry an item. `day` is when it is paid (NEVER: not at all); `bounced_on` the day a first debit or draft
    came back, after which `method` is a transfer; `payable` what is left after credit notes set against it."""

    payable: Ints
    day: Ints
    method: Texts
    first_day: Ints
    bounced_on: Ints
    discounted: Bools


def intend(cast: Cast, docs: Documents, items: Items, payable: Ints, seed: int, first: int) -> Intent:
    """The intended payment day of every item that is owed; credit notes have NEVER."""
    rng = generator(seed, "intent")
    customer, size = items.customer, items.size
    payer = cast.payer[customer]
    method = cast.method[payer].copy()
    owed = (items.amount > 0) & (payable > 0)
    retention = items.kind == "retention"
    method[retention] = "transfer"
    discounted = owed & cast.discounts[customer] & (rng.random(size) < 0.17) & (payable == items.amount) & ~retention
    day = items.due + _delay(rng, cast, items, payer, first)
    slipped = slipped_days(cast.slips, payer, items.due).astype(np.int64)
    day = np.where(cast.habit[payer] == "run", _run_day(items.due - 3 + slipped, cast.run_day[payer]), day + slipped)
    day = np.where(discounted, items.issued + rng.integers(5, DISCOUNT_DAYS + 1, size), day)
    automatic = (method == "direct_debit") | (method == "lcr")
    day = np.where(automatic, items.due, day)
    day = np.where(method == "card", items.issued + rng.integers(0, 3, size), day)
    day = working(np.maximum(day, items.issued + 1))
    first_day, bounced_on = day.copy(), np.full(size, NEVER)
    share = np.where(method == "lcr", DRAFT_UNPAID_SHARE, DEBIT_RETURN_SHARE)
    fails = day >= cast.failed_on[payer]
    bounce = owed & automatic & ((rng.random(size) < share) | fails)
    back = working(day + np.where(method == "lcr", 2, rng.integers(2, 7, size)))
    again = working(back + 10 + rng.gamma(2.0, 8.0, size).astype(np.int64))
    bounced_on[bounce] = back[bounce]
    day = np.where(bounce, np.where(rng.random(size) < 0.85, again, NEVER), day)
    method = np.where(bounce, "transfer", method)
    fails = fails | (day >= cast.failed_on[payer]) | stopped(cast.slips, payer, day) | (rng.random(size) < UNPAID_SHARE)
    day = np.where(owed & ~fails, day, NEVER)
    return Intent(payable, day, method, first_day, bounced_on, discounted)


def _delay(rng: np.random.Generator, cast: Cast, items: Items, payer: Ints, first: int) -> Ints:
    months = np.maximum(0, items.issued - first) / 30.0
    drift = cast.drift_days_a_month[payer] * months
    strained = cast.habit[payer] == "insolvent"
    strain = np.where(strained, np.clip(items.due - (cast.failed_on[payer] - STRAIN_DAYS), 0, STRAIN_DAYS) * 0.4, 0.0)
    noise = rng.normal(0.0, 1.0, items.size) * cast.spread_days[payer]
    # Some payments simply slip: a lost invoice, a holiday of the one who signs.
    slip = np.where(rng.random(items.size) < 0.05, rng.gamma(2.0, 10.0, items.size), 0.0)
    return np.asarray(np.rint(cast.delay_days[payer] + drift + strain + noise + slip).astype(np.int64))


def _run_day(days: Ints, run_day: Ints) -> Ints:
    """The first payment run on or after each day; run 31 is the month's end."""
    this = np.minimum(month_start(days) + run_day - 1, month_end(days))
    following = month_end(days) + 1
    then = np.minimum(following + run_day - 1, month_end(following))
    return np.asarray(np.where(this >= days, this, then))
