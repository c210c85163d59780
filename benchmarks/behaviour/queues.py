"""Another simulator of payers: an office that approves invoices, a queue, and payment runs that empty it.

Nothing here is a delay drawn around a mean. An invoice waits until it is approved and due, then for the next run of its
payer (weekly, every second week, twice a month, monthly); a run pays the oldest first, as far as the money of the run
goes. Offices close in August and over the turn of the year. What goes wrong with steady payers: an invoice is lost and
approved weeks later, a run is left out. What slipping payers do: run less often, stretch (approve later by the month),
ration (pay a shrinking share of what waits), stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book

MONTHS = 30
KINDS = ("rarer", "stretch", "ration", "stop")
_SHARE = 0.15
_LOST, _LEFT_OUT = 0.03, 0.03


@dataclass
class _Invoice:
    customer_id: str
    item_id: str
    issued_on: date
    due_on: date
    amount: int
    ready_on: date
    paid_on: date | None = None
    told_on: date | None = None


def queues(payers: int, seed: int, last: date) -> tuple[Book, pl.DataFrame, pl.DataFrame]:
    """A book, its `changes` and `outcomes` (see `benchmarks.behaviour.truth.Company`)."""
    first = last - timedelta(days=round(MONTHS * 30.4))
    changes: list[tuple[str, str, str, date]] = []
    rows: list[_Invoice] = []
    for n in range(payers):
        chance = np.random.default_rng([seed, n])
        change = _change(chance, n, last) if chance.random() < _SHARE else None
        if change:
            changes.append(change)
        rows += _payer(chance, f"Q{n:05d}", first, last, change)
    truth = pl.DataFrame(changes, orient="row", schema={
        "payer_id": pl.String, "kind": pl.String, "how": pl.String, "from_on": pl.Date,
    })  # fmt: skip
    items = pl.DataFrame([vars(row) for row in rows], infer_schema_length=None)
    return _book(items, last), truth, items.select("due_on", "paid_on", payer_id="customer_id")


def _change(chance: np.random.Generator, n: int, last: date) -> tuple[str, str, str, date]:
    how = KINDS[int(chance.integers(0, len(KINDS)))]
    on = last - timedelta(days=int(chance.integers(60, 330)))
    return f"Q{n:05d}", "fails" if how == "stop" else "slips", how, on


def _closed(day: date) -> bool:
    """August's middle weeks and the turn of the year: no office works."""
    return (day.month == 8 and 3 <= day.day <= 21) or (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 3)


def _is_run(day: date, every: str, weekday: int, first: date) -> bool:
    if every == "weekly":
        return day.weekday() == weekday
    if every == "fortnightly":
        return day.weekday() == weekday and (day - first).days // 7 % 2 == 0
    return day.day in ((10, 25) if every == "twice" else (28,))


def _payer(
    chance: np.random.Generator, name: str, first: date, last: date, change: tuple[str, str, str, date] | None
) -> list[_Invoice]:
    """The items of one payer, with the day each is paid, also after the last day."""
    how, on = (change[2], change[3]) if change else ("", last + timedelta(days=9_999))
    every = ("weekly", "fortnightly", "twice", "monthly")[int(chance.choice(4, p=[0.45, 0.25, 0.2, 0.1]))]
    weekday, rate = int(chance.integers(0, 5)), float(chance.gamma(1.4, 3.0)) + 0.6
    term, office = int(chance.choice([14, 30, 45, 60])), float(chance.gamma(2.0, 3.0)) + 1.0
    size = float(chance.normal(7.5, 1.0))
    pace = float(chance.uniform(0.25, 0.7))
    rows: list[_Invoice] = []
    waiting: list[_Invoice] = []
    for offset in range((last - first).days + 120):
        day = first + timedelta(days=offset)
        stretched = max(0.0, (day - on).days * pace) if how == "stretch" else 0.0
        if day.weekday() < 5 and not _closed(day):
            for _ in range(int(chance.poisson(rate / 21))):
                approved = day + timedelta(days=round(float(chance.gamma(2.0, office / 2))))
                if chance.random() < _LOST:
                    approved += timedelta(days=term + int(chance.integers(5, 40)))
                amount = int(np.exp(chance.normal(size, 0.7)) * 100) + 1
                due = day + timedelta(days=term)
                ready_on = max(approved, due - timedelta(days=3))
                rows.append(_Invoice(name, f"{name}-{len(rows)}", day, due, amount, ready_on))
                waiting.append(rows[-1])
        if _closed(day) or not _is_run(day, every, weekday, first) or chance.random() < _LEFT_OUT:
            continue
        if day >= on and how == "stop":
            continue
        if day >= on and how == "rarer" and (day - on).days % 42 >= 7:
            continue
        until = day - timedelta(days=round(min(stretched, 75)))
        ready = sorted((one for one in waiting if one.ready_on <= until), key=lambda one: (one.ready_on, one.item_id))
        if day >= on and how == "ration":
            share = max(0.25, 0.8 - (day - on).days / 120)
            ready = ready[: int(len(ready) * share)]
        for one in ready:
            one.paid_on = day
            one.told_on = day + timedelta(days=int(chance.integers(0, 3)))
        waiting = [one for one in waiting if one.paid_on is None]
    return [one for one in rows if one.issued_on <= last]


def _book(items: pl.DataFrame, last: date) -> Book:
    letters = items.filter(pl.col("told_on") <= last).select(
        "item_id", "amount", allocation_id="item_id", kind=pl.lit("cash"), allocated_on="paid_on", known_on="told_on",
        source=pl.lit("queues"),
    )  # fmt: skip
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["Q"], "name": ["Q"], "country": ["FR"], "currency": ["EUR"]}),
        customers=items.select("customer_id", name="customer_id", kind=pl.lit("business")).unique(maintain_order=True),
        items=items.drop("ready_on", "paid_on", "told_on").with_columns(
            number="item_id", entity_id=pl.lit("Q"), kind=pl.lit("invoice"), currency=pl.lit("EUR")
        ),
        allocations=letters,
    )
