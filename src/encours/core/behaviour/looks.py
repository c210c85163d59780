"""Which items are looked at on which days: to learn from, to predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.behaviour.grid import CELL_OF, END, FIRST, NEVER, STARTS, Bools, Int32, Int64
from encours.core.behaviour.own import Own, own
from encours.core.behaviour.rows import Looks, Rows, rows
from encours.core.behaviour.study import Study

#: An open item is looked at once a week on average, as a person would.
RATE = 1 / 7
#: Later than this after its due date an item's days teach little that those before have not.
_LATEST = 120
#: Looks that one model is learnt from: more cost time and teach nothing new.
MOST_LOOKS = 60_000


class Examples(NamedTuple):
    """Rows to learn from, and whether the item was paid in each."""

    rows: Rows
    paid: Bools
    keep: Bools


def looks_at(study: Study, item: Int64, day: Int32) -> tuple[Looks, Own]:
    """Items looked at on days, with what was known of their payers by then; each (payer, day) is read once."""
    payer = study.items.payer[item].astype(np.int64)
    base = int(day.min()) if len(day) else 0
    span = int(day.max()) - base + 1 if len(day) else 1
    pairs, place = np.unique(payer * span + (day - base), return_inverse=True)
    past = own(study.items, study.pool, (pairs // span).astype(np.int32), (pairs % span + base).astype(np.int32))
    return Looks(item.astype(np.int64), day.astype(np.int32), place.reshape(-1).astype(np.int64)), past


def standing(study: Study, day: int) -> tuple[Int64, Int32]:
    """Every item that was known and open at the end of a day, as places in the panel, each with that day."""
    item = np.flatnonzero((study.items.told > day) & (study.items.seen <= day)).astype(np.int64)
    return item, np.full(len(item), day, dtype=np.int32)


def drawn_looks(study: Study, now: int, seed: int) -> tuple[Int64, Int32]:
    """Items and days before `now` to learn from: each item on the day it was seen, and at random while open."""
    items, chance = study.items, np.random.default_rng(seed)
    last = np.minimum(np.minimum(items.end, now - study.lag) - 1, items.due + _LATEST)
    some = np.flatnonzero(items.counts & (last >= items.seen))
    often = chance.poisson((last - items.seen)[some] * RATE)
    again = np.repeat(some, often)
    day = items.seen[again] + 1 + np.floor(chance.random(len(again)) * (last - items.seen)[again]).astype(np.int32)
    item, day = np.concatenate([some, again]), np.concatenate([items.seen[some], day])
    if len(item) > MOST_LOOKS:
        chosen = np.sort(chance.choice(len(item), MOST_LOOKS, replace=False))
        item, day = item[chosen], day[chosen]
    return item.astype(np.int64), day.astype(np.int32)


def examples(study: Study, item: Int64, day: Int32, now: int) -> Examples:
    """What became of items after they were looked at, as far as it was known at the end of day `now`.

    An item still open counts for every day until then; one that left without a payment until it left. Cells of several
    days are kept only if they were over: else those that saw a payment would look shorter.
    """
    items, sure = study.items, now - study.lag
    end = np.where(items.told[item] <= now, items.end[item], NEVER)
    stop = np.minimum(end, sure)
    cell = CELL_OF[np.clip(stop - items.due[item], FIRST, END - 1) - FIRST]
    until = (items.due[item] + STARTS[cell + 1] - 1).astype(np.int32)
    looks, past = looks_at(study, item, day)
    found = rows(items, looks, past, study.pool, study.closed, until)
    some = found.first[1:] > found.first[:-1]
    ended = some & (end <= now)
    last = found.first[1:] - 1
    paid = np.zeros(len(found.begin), dtype=np.bool_)
    paid[last[ended & (end <= sure) & items.paid[item] & (end - items.due[item] < END)]] = True
    keep = found.begin + found.length - 1 <= sure
    keep[last[ended & ~items.paid[item]]] = False
    return Examples(found, paid, keep)
