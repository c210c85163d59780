"""What a payer's own past says on a day: hazards by day from the due date, run days, last delays, what stands open.

The hazard of a cell is the share of items, still open when the cell began, that were paid in it (Kaplan and Meier,
1958): items still open count until the day they are looked at, so that slow payers are not left out. Counts are
weighted by age and shrunk to those of the whole book: h = (paid + a · pool) / (at risk + a).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from encours.core.base.kernel import inner, kernel
from encours.core.behaviour.grid import CELL_OF, CELLS, END, FIRST, STARTS, Float32, Int32
from encours.core.behaviour.panel import Panel

#: A payer's last items that are looked at.
LAST = 400
#: Half-lives of the two hazards (long run, recent), in days.
HALF_LIVES = (365.0, 45.0)
#: How many items at risk the hazard of the payer's segment counts for.
SHRINK = 4.0
#: The same for a segment, which leans on the book.
SEGMENT_SHRINK = 50.0
#: Delays that give the payer's own quantiles.
OWN_DELAYS = 50
#: The pool is read anew every so many days.
POOL_DAYS = 28

#: What is said of a payer beside hazards and days, in this order.
SAID = (
    "payments", "p10", "median", "p90", "recent_delay", "since_last", "open", "overdue_share", "pay_days", "log_amount",
    "trend",
)  # fmt: skip
(
    _PAYMENTS, _P10, _MEDIAN, _P90, _RECENT_DELAY, _SINCE_LAST, _OPEN, _OVERDUE, _PAY_DAYS, _LOG_AMOUNT, _TREND
) = range(len(SAID))  # fmt: skip


class Own(NamedTuple):
    """By (payer, day): two `hazard`s a cell, `weekday` and `month_day` shares beside the book's, and SAID."""

    hazard: Float32
    weekday: Float32
    month_day: Float32
    said: Float32


class Pool(NamedTuple):
    """The same of the whole book, by block of POOL_DAYS days from `start`: what was known when the block began.

    `hazard` by block, segment and cell, each segment leaning on the book. `lag`: days that payments take to be known;
    what is not known to be paid was seen unpaid so many days ago.
    """

    start: int
    lag: int
    hazard: Float32
    weekday: Float32


def pool(items: Panel, start: int, end: int, lag: int) -> Pool:
    """The book's own hazards and weekdays from day `start` to `end`, each block read on its first day."""
    days = np.arange(start, end + 1, POOL_DAYS, dtype=np.int32)
    segments = int(items.segment.max()) + 1 if len(items.segment) else 1
    hazard = np.zeros((len(days), segments, CELLS), dtype=np.float32)
    weekday = np.zeros((len(days), 7), dtype=np.float32)
    for place, day in enumerate(days):
        _pooled(items, int(day), lag, STARTS, CELL_OF, hazard[place], weekday[place])
    return Pool(start, lag, hazard, weekday)


def own(items: Panel, book: Pool, payer: Int32, day: Int32) -> Own:
    """What was known of each payer at the end of each day (parallel arrays)."""
    size = len(payer)
    found = Own(
        np.zeros((size, len(HALF_LIVES), CELLS), dtype=np.float32),
        np.zeros((size, 7), dtype=np.float32),
        np.zeros((size, 31), dtype=np.float32),
        np.full((size, len(SAID)), np.nan, dtype=np.float32),
    )
    block = np.clip((day - book.start) // POOL_DAYS, 0, len(book.hazard) - 1)
    lives = np.array(HALF_LIVES)
    _own(items, payer, day, book.lag, block, book.hazard, book.weekday, lives, STARTS, CELL_OF, found)
    return found


@inner
def _exposed(enter: Any, leave: Any, paid: Any, weight: Any, starts: Any, cell_of: Any, risk: Any, ends: Any) -> None:
    """Adds an item at risk from day `enter` to `leave` (from the due date, both included) to the counts of cells."""
    if leave < enter or leave < FIRST or enter >= END:
        return
    begin, last = cell_of[max(enter, FIRST) - FIRST], cell_of[min(leave, END - 1) - FIRST]
    for cell in range(begin, last + 1):
        low, high = max(enter, starts[cell]), min(leave + 1, starts[cell + 1])
        whole = paid and cell == last and leave < END
        risk[cell] += weight if whole else weight * (high - low) / (starts[cell + 1] - starts[cell])
    if paid and leave < END:
        ends[last] += weight


@kernel
def _pooled(items: Any, day: Any, lag: Any, starts: Any, cell_of: Any, hazard: Any, weekday: Any) -> None:
    risk, ends = np.zeros(hazard.shape, dtype=np.float64), np.zeros(hazard.shape, dtype=np.float64)
    days = np.full(7, 1.0, dtype=np.float64)
    for i in range(len(items.seen)):
        if items.seen[i] > day or not items.counts[i]:
            continue
        ended = items.told[i] <= day
        leave = min(items.end[i], day) if ended else day - lag
        paid = ended and items.paid[i]
        if leave < items.seen[i]:
            continue
        _exposed(
            items.seen[i] - items.due[i],
            leave - items.due[i],
            paid,
            1.0,
            starts,
            cell_of,
            risk[items.segment[i]],
            ends[items.segment[i]],
        )
        if paid and items.exact[i]:
            days[(items.end[i] + 3) % 7] += 1.0
    mean = (ends.sum() + 1.0) / (risk.sum() + 20.0)
    for cell in range(CELLS):
        # Where the book saw nothing, one item in its mean.
        whole = (ends[:, cell].sum() + mean) / (risk[:, cell].sum() + 1.0)
        for segment in range(len(hazard)):
            hazard[segment, cell] = (ends[segment, cell] + SEGMENT_SHRINK * whole) / (
                risk[segment, cell] + SEGMENT_SHRINK
            )
    weekday[:] = days / days.sum()


@inner
def _quantile(ordered: Any, share: Any) -> float:
    """The quantile of sorted values, linear between two."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    value: float = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return value


@kernel
def _own(
    items: Any,
    payer: Any,
    day: Any,
    lag: Any,
    block: Any,
    pool_hazard: Any,
    pool_weekday: Any,
    lives: Any,
    starts: Any,
    cell_of: Any,
    found: Any,
) -> None:
    delays = np.zeros(LAST, dtype=np.float32)
    told = np.zeros(LAST, dtype=np.int32)
    for place in range(len(payer)):
        now = day[place]
        low, high = items.first[payer[place]], items.first[payer[place] + 1]
        high = low + np.searchsorted(items.seen[low:high], now, side="right")
        count = _hazards(
            items,
            max(low, high - LAST),
            high,
            now,
            lag,
            lives,
            starts,
            cell_of,
            pool_hazard[block[place], items.segment[low]],
            found.hazard[place],
            delays,
            told,
        )
        _days(
            items,
            max(low, high - LAST),
            high,
            now,
            pool_weekday[block[place]],
            found.weekday[place],
            found.month_day[place],
        )
        _said(items, max(low, high - LAST), high, now, delays[:count], told[:count], found.said[place])


@inner
def _hazards(
    items: Any,
    low: Any,
    high: Any,
    now: Any,
    lag: Any,
    lives: Any,
    starts: Any,
    cell_of: Any,
    pool_hazard: Any,
    hazard: Any,
    delays: Any,
    told: Any,
) -> int:
    """The shrunk hazards of a payer; fills `delays` and the days they were told, and says how many."""
    count = 0
    risk = np.zeros((2, CELLS), dtype=np.float64)
    ends = np.zeros((2, CELLS), dtype=np.float64)
    for i in range(low, high):
        if not items.counts[i]:
            continue
        ended = items.told[i] <= now
        paid = ended and items.paid[i]
        leave = items.end[i] if ended else now - lag
        if leave < items.seen[i]:
            continue
        for life in range(2):
            weight = 0.5 ** ((now - leave) / lives[life])
            _exposed(
                items.seen[i] - items.due[i],
                leave - items.due[i],
                paid,
                weight,
                starts,
                cell_of,
                risk[life],
                ends[life],
            )
        if paid:
            delays[count] = items.end[i] - items.due[i]
            told[count] = items.end[i]
            count += 1
    for cell in range(CELLS):
        hazard[0, cell] = (ends[0, cell] + SHRINK * pool_hazard[cell]) / (risk[0, cell] + SHRINK)
        # The recent habit leans on the long run, not on the book.
        hazard[1, cell] = (ends[1, cell] + SHRINK * hazard[0, cell]) / (risk[1, cell] + SHRINK)
    return count


@inner
def _month_day(day: Any) -> int:
    """The day of the month, 0 to 30, of days since 1970 (H. Hinnant, days from civil, inverted)."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    found: int = of_year - (153 * month + 2) // 5
    return found


@inner
def _days(items: Any, low: Any, high: Any, now: Any, pool_weekday: Any, weekday: Any, month_day: Any) -> None:
    """Shares of weekdays and of days of the month (with their neighbours) in payments, over what is usual."""
    seven = np.zeros(7, dtype=np.float64)
    months = np.zeros(31, dtype=np.float64)
    total = 0.0
    for i in range(low, high):
        if items.told[i] <= now and items.paid[i] and items.counts[i] and items.exact[i]:
            seven[(items.end[i] + 3) % 7] += 1.0
            months[_month_day(items.end[i])] += 1.0
            total += 1.0
    for d in range(7):
        weekday[d] = (seven[d] / pool_weekday[d] + 7.0) / (total + 7.0)
    for d in range(31):
        near = months[d] + 0.5 * months[(d + 1) % 31] + 0.5 * months[(d + 30) % 31]
        month_day[d] = (near * 15.2 + 10.0) / (total + 10.0)


@inner
def _said(items: Any, low: Any, high: Any, now: Any, delays: Any, told: Any, said: Any) -> None:
    """Fills SAID of a payer; what cannot be said stays NaN."""
    count = len(delays)
    open_items, overdue, whole, amounts = 0, 0, 0, 0.0
    for i in range(low, high):
        if items.told[i] > now:
            open_items += 1
            overdue += items.due[i] < now
        if not items.rest[i]:
            whole += 1
            amounts += items.log_amount[i]
    said[_PAYMENTS] = count
    said[_OPEN] = open_items
    if open_items:
        said[_OVERDUE] = overdue / open_items
    if whole:
        said[_LOG_AMOUNT] = amounts / whole
    if count == 0:
        return
    order = np.argsort(told, kind="mergesort")
    last = np.sort(delays[order[max(0, count - OWN_DELAYS) :]])
    said[_P10], said[_MEDIAN], said[_P90] = _quantile(last, 0.1), _quantile(last, 0.5), _quantile(last, 0.9)
    latest = told[order[-1]]
    said[_SINCE_LAST] = now - latest
    recent, recents, days, before = 0.0, 0, 0, -1
    for place in order:
        if told[place] > now - 60 and told[place] != before:
            days += 1
            before = told[place]
        if told[place] > latest - 14:
            recent += delays[place]
            recents += 1
    said[_PAY_DAYS] = days
    said[_RECENT_DELAY] = recent / recents
    said[_TREND] = recent / recents - delays.mean()
