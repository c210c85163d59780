"""The rows that the model reads: for an item looked at on a day, one row a cell from the next day on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from encours.core.base.kernel import inner, kernel
from encours.core.behaviour.grid import CELL_OF, DAILY_FROM, DAILY_TO, END, FIRST, STARTS, Float32, Int32, Int64
from encours.core.behaviour.own import (
    _LOG_AMOUNT,
    _MEDIAN,
    _OPEN,
    _OVERDUE,
    _P10,
    _P90,
    _PAY_DAYS,
    _PAYMENTS,
    _RECENT_DELAY,
    _SINCE_LAST,
    _TREND,
    LAST,
    POOL_DAYS,
    Own,
    Pool,
    _month_day,
)
from encours.core.behaviour.panel import Panel

#: What a row says, in order. Days are relative to the due date unless named otherwise.
FEATURES = (
    "day", "length", "ahead", "weekday", "month_day", "to_month_end", "closed_before", "working",
    "own_hazard", "own_recent", "own_near", "own_left", "own_weekday", "own_month_day", "pool_hazard",
    "stood", "term", "log_amount", "amount_ratio", "payments", "to_median", "to_p10", "to_p90", "since_last",
    "to_recent", "overdue_share", "open_items", "beyond_paid", "peers_paid", "pay_days", "trend", "drawn",
    "to_peers",
)  # fmt: skip
#: What stands where nothing is known: a number that no feature has.
MISSING = -9_999.0
#: What is said of an item on a day beside its payer's past: `beyond_paid`, `peers_paid`, `peers_delay`.
_LOOKS = 3


class Looks(NamedTuple):
    """Items looked at: the place in the panel, the day, and the place of (payer, day) in `Own`."""

    item: Int64
    day: Int32
    own: Int64


class Rows(NamedTuple):
    """Rows of all looks one after the other: look k has rows first[k] to first[k + 1].

    `begin`: the first day of each row (days since 1970), `length` its days, `features` float32 in FEATURES.
    """

    first: Int64
    begin: Int32
    length: Int32
    features: Float32


def counts(items: Panel, looks: Looks, until: Int32) -> Int64:
    """Where each look's rows begin, if rows run from the day after it to `until` (a day since 1970, included)."""
    due = items.due[looks.item]
    begin, last = looks.day + 1 - due, np.minimum(until - due, END - 1)
    low = CELL_OF[np.clip(begin, FIRST, END - 1) - FIRST].astype(np.int64)
    high = CELL_OF[np.clip(last, FIRST, END - 1) - FIRST].astype(np.int64)
    size = np.where((last < begin) | (begin >= END), 0, high - low + 1)
    return np.concatenate([[0], np.cumsum(size)]).astype(np.int64)


def rows(items: Panel, looks: Looks, payers: Own, book: Pool, closed: Any, until: Int32) -> Rows:
    """The rows of looks, from the day after each to `until`. `closed`: see `study.Closed`."""
    first = counts(items, looks, until)
    size = int(first[-1])
    found = Rows(first, np.zeros(size, np.int32), np.zeros(size, np.int32), np.empty((size, len(FEATURES)), np.float32))
    block = np.clip((looks.day - book.start) // POOL_DAYS, 0, len(book.hazard) - 1)
    _fill(items, looks, payers, block, book.hazard, closed.first, closed.flags, until, STARTS, CELL_OF, found)
    return found


@inner
def _look(items: Any, i: Any, now: Any, out: Any) -> None:
    """How far beyond what the payer has already paid this item is due, and what became of items due beside it."""
    payer = items.payer[i]
    low, high = items.first[payer], items.first[payer + 1]
    high = low + np.searchsorted(items.seen[low:high], now, side="right")
    latest, peers, paid, delay = -(2**30), 0, 0, 0.0
    for j in range(max(low, high - LAST), high):
        if j == i or items.rest[j]:
            continue
        gone = items.told[j] <= now and items.paid[j]
        if gone and items.due[j] > latest and items.end[j] > now - 45:
            latest = items.due[j]
        if abs(items.due[j] - items.due[i]) <= 3:
            peers += 1
            if gone:
                paid += 1
                delay += items.end[j] - items.due[j]
    out[0] = items.due[i] - latest if latest > -(2**30) else np.nan
    out[1] = paid / peers if peers else np.nan
    out[2] = delay / paid if paid else np.nan


@kernel
def _fill(
    items: Any,
    looks: Any,
    payers: Any,
    block: Any,
    pool_hazard: Any,
    closed_first: Any,
    closed: Any,
    until: Any,
    starts: Any,
    cell_of: Any,
    found: Any,
) -> None:
    peers = np.zeros(_LOOKS, dtype=np.float32)
    for k in range(len(looks.item)):
        if found.first[k + 1] == found.first[k]:
            continue
        i, now, o = looks.item[k], looks.day[k], looks.own[k]
        due, said = items.due[i], payers.said[o]
        _look(items, i, now, peers)
        hazard, pooled = payers.hazard[o], pool_hazard[block[k], items.segment[i]]
        left = 1.0
        enter, last = now + 1 - due, min(until[k] - due, END - 1)
        first_cell = cell_of[max(enter, FIRST) - FIRST]
        for place in range(found.first[k], found.first[k + 1]):
            cell = first_cell + place - found.first[k]
            low, high = max(enter, starts[cell]), min(last + 1, starts[cell + 1])
            if enter < FIRST and cell == 0:
                low = enter
            day, length = due + low, high - low
            found.begin[place], found.length[place] = day, length
            row = found.features[place]
            _calendar(
                row,
                day,
                length,
                low,
                now,
                closed_first,
                closed[items.entity[i]],
                payers.weekday[o],
                payers.month_day[o],
            )
            row[8], row[9] = hazard[0, cell], hazard[1, cell]
            before, after = max(cell - 1, 0), min(cell + 1, len(starts) - 2)
            row[10] = (hazard[1, before] + hazard[1, cell] + hazard[1, after]) / 3
            row[11] = left
            left *= 1 - hazard[1, cell]
            row[14] = pooled[cell]
            row[15], row[16] = now - due, items.term[i]
            row[17], row[18] = items.log_amount[i], items.log_amount[i] - said[_LOG_AMOUNT]
            row[19] = said[_PAYMENTS]
            row[20], row[21], row[22] = low - said[_MEDIAN], low - said[_P10], low - said[_P90]
            row[23], row[24] = said[_SINCE_LAST], low - said[_RECENT_DELAY]
            row[25], row[26] = said[_OVERDUE], said[_OPEN]
            row[27], row[28] = peers[0], peers[1]
            row[29], row[30] = said[_PAY_DAYS], said[_TREND]
            row[31], row[32] = items.drawn[i], low - peers[2]
            for feature in range(len(row)):
                if np.isnan(row[feature]):
                    row[feature] = MISSING


@inner
def _calendar(
    row: Any, day: Any, length: Any, low: Any, now: Any, closed_first: Any, closed: Any, weekday: Any, month_day: Any
) -> None:
    """Fills what the calendar says of a row; of cells of several days only where they begin."""
    row[0], row[1], row[2] = low, length, day - now
    if length > 1 or low < DAILY_FROM or low > DAILY_TO:
        row[3:8] = np.nan
        row[12] = row[13] = np.nan
        return
    seven = (day + 3) % 7
    date = _month_day(day)
    row[3], row[4] = seven, date
    ahead = 0
    while _month_day(day + ahead + 1) > date and ahead < 31:
        ahead += 1
    row[5] = ahead
    at = day - closed_first
    before = 0
    while before < 10 and closed[at - 1 - before]:
        before += 1
    row[6] = before
    row[7] = 0.0 if closed[at] else 1.0
    row[12], row[13] = weekday[seven], month_day[date]
