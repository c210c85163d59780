"""What the clerk has done by the last day: which receipts are booked on whom, which are lettered, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample.draws import Bools, Ints, Texts, generator, working
from encours.core.sample.money import Money

_AUTOMATIC = ("direct_debit", "draft", "card", "return", "out")
_HARD = ("none", "count", "other", "wrong", "typo")
FORGOTTEN_SHARE = 0.004
RECENT_BOOKED_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Lettering:
    """One entry a receipt: whether its customer is known to the ledger, whether it is lettered, and on which day."""

    booked: Bools
    lettered: Bools
    on: Ints


def letter(money: Money, form: Texts, last: int, backlog_days: int, seed: int) -> Lettering:
    """Easy receipts are lettered within days, hard ones within weeks; the last `backlog_days` wait for the clerk."""
    rng = generator(seed, "lettering")
    size = money.size
    easy, hard = rng.geometric(0.5, size), rng.integers(2, 20, size)
    automatic = np.isin(money.kind, _AUTOMATIC)
    on = working(money.day + np.where(automatic, 0, np.where(np.isin(form, _HARD), hard, easy)))
    present = money.day <= last
    open_money = np.isin(money.pattern, ["not_ar"])
    lettered = present & (on <= last) & (automatic | (money.day <= last - backlog_days)) & ~open_money
    lettered &= automatic | (rng.random(size) >= FORGOTTEN_SHARE)
    booked = present & ~open_money & (lettered | ((rng.random(size) < RECENT_BOOKED_SHARE) & (form != "none")))
    # What was sent back is on the account of the customer it was sent back to.
    linked = np.flatnonzero((money.origin >= 0) & (money.amount < 0) & present)
    booked[linked] = True
    booked[money.origin[linked]] = True
    return Lettering(booked, lettered, on)
