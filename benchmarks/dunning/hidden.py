"""Companies whose customers react to actions by laws that core does not know, to judge the worklist with.

Both laws know payers who pay anyway, who react to nothing, and who react to calls alone. They differ from core's law
and from each other: by `runs` a customer that is reached pays on its own next day of payment, whatever it would have
done; by `patience` an action raises the daily chance of payment for a while, some need to be asked twice, and what is
large for a customer needs more than an e-mail.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
START = date(2025, 1, 6)  # a Monday
CUSTOMERS, TERM_DAYS = 700, 30
#: Forgetful, late but sure, to be pushed, calls alone, never reacts: how many there are of each.
KINDS = ("forgets", "late_sure", "pushed", "calls_only", "never")
_SHARES = {"runs": (0.34, 0.26, 0.18, 0.08, 0.14), "patience": (0.30, 0.22, 0.22, 0.12, 0.14)}
NEVER = 10_000


@dataclass
class World:
    """One company under one way of working; every draw hangs on the seed, a customer and a day, never on the order."""

    law: str
    seed: int
    kind: Ints
    weekday: Ints
    strength: Floats
    stubborn: npt.NDArray[np.bool_]
    customer: Ints
    issued: Ints
    due: Ints
    amount: Ints
    usual: Floats
    natural: Ints
    threshold: Floats
    paid: Ints
    gathered: Floats
    touches: list[tuple[int, int, str, int, list[int]]] = field(default_factory=list)
    asked: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    future: int = 0

    def open_late(self, day: int, days: int = 1) -> Ints:
        """Items that are open and late by so many days at the end of a day."""
        return np.flatnonzero((self.issued <= day) & (self.paid > day) & (self.due + days <= day))

    def branch(self, future: int | None = None) -> World:
        """The same company from here on under another way of working; in another `future`, chance falls otherwise.

        What is drawn anew: who reacts and when, and how long what is open still waits by `patience`. Its waits are
        exponential in what has been gathered, so that what was waited so far changes nothing of the rest.
        """
        other = copy.deepcopy(self)
        if future:
            draw = np.random.default_rng([self.seed, future])
            still = other.paid >= NEVER
            other.threshold[still] = other.gathered[still] + draw.exponential(1.0, int(still.sum()))
            other.future = future
        return other

    def pass_day(self, day: int) -> None:
        """What customers pay on a day."""
        if (START + timedelta(days=day)).weekday() >= 5:
            return
        alive = np.flatnonzero((self.issued < day) & (self.paid >= NEVER))
        if self.law == "runs":
            self.paid[alive[self.natural[alive] <= day]] = day
            return
        self.gathered[alive] += self._chance(alive, day) * (1.0 + self._push(alive, day))
        self.paid[alive[self.gathered[alive] >= self.threshold[alive]]] = day

    def contact(self, customer: int, channel: str, level: int, day: int) -> None:
        """An action that reaches a customer about all that is late."""
        late = self.open_late(day)
        mine = late[self.customer[late] == customer]
        if self.law == "runs":
            self._reacts(mine, customer, channel, day)
        self.touches.append((customer, day, channel, level, mine.tolist()))
        self.asked.setdefault(customer, []).append((day, channel))

    # -- runs: who is reached pays on its next day of payment
    def _reacts(self, mine: Ints, customer: int, channel: str, day: int) -> None:
        chance = _REACHED[KINDS[self.kind[customer]]][channel] * self.strength[customer]
        chance *= 0.35 if self._since(customer, day, 10) else 1.0
        draw = np.random.default_rng([self.seed, customer, day, *([self.future] if self.future else [])])
        if draw.random() >= min(0.95, chance):
            return
        ready = day + 1 + int(draw.integers(0, 6)) + (2 if channel == "letter" else 0)
        ready += (self.weekday[customer] - (START + timedelta(days=ready)).weekday()) % 7
        pays = mine[(draw.random(len(mine)) < 0.9) & (self.due[mine] > day - 150)]
        self.natural[pays] = np.minimum(self.natural[pays], ready)

    # -- patience: a push that fades
    def _chance(self, items: Ints, day: int) -> Floats:
        who, age = self.customer[items], day - self.due[items]
        sure = KINDS.index("late_sure")
        slow = np.array([0.050, 0.0, 0.016, 0.013, 0.009])[self.kind[who]]
        base = np.where(age >= -2, slow * (1.0 + 2.0 * np.exp(-np.maximum(age, 0) / 12.0)), 0.002)
        habit = np.where(age < self.usual[items], 0.004, 0.35)
        return np.where(self.kind[who] == sure, habit, base)

    def _push(self, items: Ints, day: int) -> Floats:
        push = np.zeros(len(items))
        owner = self.customer[items]
        for customer in np.unique(owner).tolist():
            since = self._since(customer, day, 21)
            if not since or (self.stubborn[customer] and len(self._since(customer, day, 45)) < 2):
                continue
            mine = np.flatnonzero(owner == customer)
            big = self.amount[items[mine]] > 2.5 * self._mean(customer)
            for at, channel in since[-2:]:
                wait = day - at - (3 if channel == "letter" else 0)
                force = _PUSH[KINDS[self.kind[customer]]][channel] * self.strength[customer] * max(0.0, 1 - wait / 18)
                if wait > 0:
                    push[mine] += force * np.where(big & (channel == "email"), 0.2, 1.0)
        return push

    def _since(self, customer: int, day: int, days: int) -> list[tuple[int, str]]:
        """The actions of the last days before a day that reached a customer."""
        return [one for one in self.asked.get(customer, [])[-8:] if day - days <= one[0] < day]

    def _mean(self, customer: int) -> float:
        return float(self.amount[self.customer == customer].mean())


_REACHED = {
    "forgets": {"email": 0.45, "call": 0.75, "letter": 0.5},
    "late_sure": {"email": 0.02, "call": 0.05, "letter": 0.03},
    "pushed": {"email": 0.10, "call": 0.50, "letter": 0.30},
    "calls_only": {"email": 0.0, "call": 0.60, "letter": 0.0},
    "never": {"email": 0.0, "call": 0.0, "letter": 0.0},
}
_PUSH = {
    "forgets": {"email": 1.5, "call": 3.0, "letter": 2.0},
    "late_sure": {"email": 0.0, "call": 0.2, "letter": 0.1},
    "pushed": {"email": 1.0, "call": 7.0, "letter": 3.5},
    "calls_only": {"email": 0.0, "call": 9.0, "letter": 0.0},
    "never": {"email": 0.0, "call": 0.0, "letter": 0.0},
}


def company(law: str, seed: int, days: int, customers: int = CUSTOMERS) -> World:
    """A company whose invoices are issued over so many days; nothing is paid yet."""
    draw = np.random.default_rng([seed, sum(map(ord, law))])
    kind = draw.choice(len(KINDS), customers, p=_SHARES[law])
    scale = np.exp(draw.normal(7.4, 0.9, customers))
    every = np.clip(np.exp(draw.normal(3.0, 0.5, customers)), 7, 60)
    late = draw.uniform(9, 34, customers)
    rows = [(who, at) for who in range(customers) for at in _issues(draw, every[who], days)]
    customer, issued = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    count = len(rows)
    amount = np.round(100 * scale[customer] * np.exp(draw.normal(0, 0.7, count))).astype(np.int64) + 2_000
    due = issued + TERM_DAYS
    usual = late[customer] + draw.normal(0, 2.5, count)
    natural = due + _waits(draw, kind[customer], usual)
    weekday = draw.choice([1, 2, 3, 4], customers)
    natural += (weekday[customer] - natural) % 7
    return World(
        law, seed, kind, weekday, draw.uniform(0.7, 1.2, customers), draw.random(customers) < 0.3, customer, issued,
        due, amount, usual, np.maximum(natural, issued + 1), draw.exponential(1.0, count),
        np.full(count, NEVER, dtype=np.int64), np.zeros(count),
    )  # fmt: skip


def _issues(draw: np.random.Generator, every: float, days: int) -> list[int]:
    found, at = [], float(draw.uniform(0, every))
    while at < days:
        found.append(int(at))
        at += float(draw.exponential(every))
    return found


def _waits(draw: np.random.Generator, kind: Ints, usual: Floats) -> Ints:
    """Days after the due date on which each item is paid if nobody asks for it."""
    count = len(kind)
    forgotten = draw.random(count) < 0.14
    prompt = np.where(forgotten, 20 + draw.exponential(35, count), draw.normal(1, 2, count))
    waits = [
        prompt,
        usual,
        5 + draw.exponential(38, count),
        5 + draw.exponential(42, count),
        8 + draw.exponential(60, count),
    ]
    return np.rint(np.choose(kind, waits)).astype(np.int64)


def book_of(world: World, day: int) -> Book:
    """What the company's books say at the end of a day."""
    seen = np.flatnonzero(world.issued <= day)
    names = pl.Series([f"C{who:04d}" for who in range(len(world.kind))])
    customers = pl.DataFrame({"customer_id": names, "name": names}).with_columns(
        kind=pl.lit("business"), entity_id=pl.lit("E")
    )
    key = pl.Series([f"I{n:06d}" for n in seen])

    def dates(values: Ints) -> pl.Series:
        return pl.Series(values + (START - date(1970, 1, 1)).days).cast(pl.Int32).cast(pl.Date)

    items = pl.DataFrame(
        {
            "item_id": key, "number": key, "customer_id": names.gather(world.customer[seen]),
            "issued_on": dates(world.issued[seen]), "due_on": dates(world.due[seen]), "amount": world.amount[seen],
        }
    ).with_columns(entity_id=pl.lit("E"), kind=pl.lit("invoice"), currency=pl.lit("EUR"))  # fmt: skip
    done = np.flatnonzero((world.issued <= day) & (world.paid <= day))
    paid = pl.Series([f"I{n:06d}" for n in done], dtype=pl.String)
    letters = pl.DataFrame(
        {
            "allocation_id": "A" + paid,
            "item_id": paid,
            "amount": world.amount[done],
            "allocated_on": dates(world.paid[done]),
        }
    ).with_columns(kind=pl.lit("cash"), source=pl.lit("hidden"))
    ours = {"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"]}
    return Book.of(
        entities=pl.DataFrame(ours),
        customers=customers,
        items=items,
        allocations=letters,
        touches=touched(world, 0, day),
    )


def touched(world: World, first: int, last: int) -> pl.DataFrame:
    """The touches of the days `first` … `last`, a row an item that each was about."""
    rows = [
        (f"T{n}-{item}", f"C{who:04d}", f"I{item:06d}", channel, str(level), START + timedelta(days=at))
        for n, (who, at, channel, level, about) in enumerate(world.touches) if first <= at <= last for item in about
    ]  # fmt: skip
    columns = ["touch_id", "customer_id", "item_id", "channel", "level"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String) | {"sent_on": pl.Date}, orient="row")
