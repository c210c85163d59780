"""The distribution of the payment day of items looked at: by the book's model, or by each payer's own hazards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.base.threads import side_by_side
from encours.core.behaviour.curves import Curves, curves
from encours.core.behaviour.grid import END, Float32, Float64, Int32, Int64
from encours.core.behaviour.learn import Learnt, hazards
from encours.core.behaviour.looks import looks_at
from encours.core.behaviour.own import POOL_DAYS
from encours.core.behaviour.rests import of_rests, rests
from encours.core.behaviour.rows import FEATURES, MISSING, Looks, Rows, rows
from encours.core.behaviour.study import Study
from encours.core.behaviour.tails import extended, long_standing_hazard

#: Looks whose rows are laid out together: some 100 MB.
_SHARE = 10_000
_OWN, _WEEKDAY, _OWN_WEEKDAY = (FEATURES.index(name) for name in ("own_recent", "weekday", "own_weekday"))
_SURE = 0.98


class Distributed(NamedTuple):
    """The curves of looks, and what was said of each one's payer (`own.SAID`, NaN: unknown)."""

    curves: Curves
    said: Float32


def distribute(study: Study, item: Int64, day: Int32, learnt: Learnt | None) -> Distributed:
    """Curves of the next payment of items looked at on days, from the next day on; without `learnt` by the payers' own
    hazards. Of an item paid in part it is the payment of its rest."""
    parts = side_by_side(
        lambda at: _share(study, item[at : at + _SHARE], day[at : at + _SHARE], learnt),
        range(0, max(1, len(item)), _SHARE),
    )
    sizes = [part.curves.first[1:] - part.curves.first[:-1] for part in parts]
    first = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    laid = (np.concatenate([part.curves[place] for part in parts]) for place in (1, 2, 3))
    begun = Curves(first, *laid)
    soonest = int(day.min()) if len(day) else study.day
    hazard = long_standing_hazard(study.items, soonest)
    whole = extended(begun, study.items.due[item].astype(np.int32), day.astype(np.int32), hazard)
    if study.items.rest[item].any():
        whole = of_rests(whole, study.items, item, day, rests(study.items, soonest, study.lag))
    return Distributed(whole, np.concatenate([part.said for part in parts]))


def _share(study: Study, item: Int64, day: Int32, learnt: Learnt | None) -> Distributed:
    looks, past = looks_at(study, item, day)
    until = (study.items.due[item] + END - 1).astype(np.int32)
    found = rows(study.items, looks, past, study.pool, study.closed, until)
    hazard = hazards(found, learnt) if learnt is not None else _own_hazard(study, looks, found)
    return Distributed(curves(found.first, found.begin, found.length, hazard), past.said[looks.own])


def _own_hazard(study: Study, looks: Looks, found: Rows) -> Float64:
    """The payer's hazard, leaning on the book's where little is known, moved to the weekdays on which money comes."""
    block = np.clip((looks.day - study.pool.start) // POOL_DAYS, 0, len(study.pool.weekday) - 1)
    of_look = np.repeat(block, np.diff(found.first))
    weekday = found.features[:, _WEEKDAY].astype(np.int64)
    usual = 7.0 * study.pool.weekday[of_look, np.clip(weekday, 0, 6)] * found.features[:, _OWN_WEEKDAY]
    moved = np.where(found.features[:, _WEEKDAY] == MISSING, 1.0, usual)
    hazard: Float64 = np.clip(found.features[:, _OWN] * moved, 0.0, _SURE).astype(np.float64)
    return hazard
