"""The money of each cell, drawn many times: what is due to a customer in one week moves together.

A customer's ledger is settled by payment runs: what falls due on one day, or in one week, is paid by one run, early or
late, and a slow month is slow for all that a payer owes. An item is paid when a normal number falls below the limits
that its own distribution sets; that number is made of a part that what is due in one week shares in the whole book, one
of the payer, one of the payer and the week of the due date, one of the payer and the due date, and one of its own (a
Gaussian copula: Li, 2000). Each item keeps its distribution whatever they share; the range of a sum does not.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel
from encours.core.base.threads import WORKERS, side_by_side
from encours.core.forecast.cells import DAYS, WEEK, Float64, Int64
from encours.core.forecast.normal import drawn, limits

UInt64 = npt.NDArray[np.uint64]

#: How often the money is drawn.
DRAWS = 400
#: What of the draws a range holds at least that was narrowed; a lump is so many draws of one value.
_INSIDE, _LUMP = 0.75, 0.02


class Shares(NamedTuple):
    """How much of an item's luck it shares, as shares of variance; what is left to 1 is its own.

    `book`: with all that is due in the same week; `payer`: with all its payer owes; `week` and `day`: with what its
    payer has to pay in the same week, on the same day.
    """

    book: float
    payer: float
    week: float
    day: float


class Laid(NamedTuple):
    """Items laid out, those of a customer in a row: `first[k]` is where customer k's begin, `purse[k]` their total.

    `amount`: minor units. `paid`: the chance of payment by the end of each cell. Then keys: of the due week, of the
    payer, of the payer and due week, of the payer and due day, of the item.
    """

    first: Int64
    purse: Int64
    amount: Int64
    paid: Float64
    book: UInt64
    payer: UInt64
    week: UInt64
    day: UInt64
    item: UInt64


class Drawn(NamedTuple):
    """`customers`: P10, P50, P90 of each customer and week; `totals`: each purse's money by draw and cell."""

    customers: Int64
    totals: Int64


def draw(laid: Laid, weeks: int, purses: int, shares: Shares, draws: int = DRAWS) -> Drawn:
    """Draws the money of every cell; the same for the same keys, in whatever order items stand."""
    size, cells = laid.paid.shape
    bounds = np.empty((size, cells))
    limits(laid.paid, bounds)
    count = len(laid.first) - 1
    customers = np.zeros((count, weeks, 3), dtype=np.int64)
    own = max(0.0, 1.0 - sum(shares))
    weights = np.sqrt(np.array([*shares, own, own + shares.day]))

    def work(share: tuple[int, int]) -> Int64:
        totals = np.zeros((purses, draws, cells), dtype=np.int64)
        _draw(laid, *share, bounds, weights, customers, totals)
        return totals

    ends = [round(count * n / WORKERS) for n in range(WORKERS + 1)]
    parts = side_by_side(work, list(pairwise(ends)))
    totals: Int64 = np.sum(parts, axis=0)
    return Drawn(customers, totals)


def by_week(cells: Int64, weeks: int) -> Int64:
    """The money of whole weeks from that of cells (the last axis)."""
    first = [cells[..., n * WEEK : (n + 1) * WEEK].sum(axis=-1) for n in range(min(weeks, DAYS // WEEK))]
    return np.concatenate([np.stack(first, axis=-1), cells[..., DAYS : DAYS + max(0, weeks - 2)]], axis=-1)


def quantiles(draws: Int64) -> Int64:
    """P10, P50 and P90 as the last axis, of draws by purse, draw and period."""
    purses, _, periods = draws.shape
    found = np.zeros((purses, periods, 3), dtype=np.int64)
    _quantiles(np.ascontiguousarray(draws), found)
    return found


@kernel
def _draw(laid: Any, low: Any, high: Any, bounds: Any, weights: Any, customers: Any, totals: Any) -> None:
    draws, cells = totals.shape[1], totals.shape[2]
    zero, payer, wide = np.zeros(draws), np.empty(draws), np.empty(draws)
    shared, own = np.empty(draws), np.empty(draws)
    purse = np.zeros((draws, cells), dtype=np.int64)
    week = np.empty(draws, dtype=np.int64)
    for k in range(low, high):
        purse[:] = 0
        first, last = laid.first[k], laid.first[k + 1]
        for i in range(first, last):
            if i == first or laid.payer[i] != laid.payer[i - 1]:
                _add(zero, weights[1], laid.payer[i], payer)
            if i == first or laid.week[i] != laid.week[i - 1]:
                _add(payer, weights[0], laid.book[i], wide)
                _add(wide, weights[2], laid.week[i], wide)
            begins = i == first or laid.day[i] != laid.day[i - 1]
            alone = begins and (i + 1 == last or laid.day[i + 1] != laid.day[i])
            # What an item shares with its day and with nothing else is its own: one number instead of two.
            if alone:
                _add(wide, weights[5], laid.item[i], own)
            else:
                if begins:
                    _add(wide, weights[3], laid.day[i], shared)
                _add(shared, weights[4], laid.item[i], own)
            limit, amount = bounds[i], laid.amount[i]
            for s in range(draws):
                cell = _cell(limit, own[s])
                if cell < cells:
                    purse[s, cell] += amount
        totals[laid.purse[k]] += purse
        _weekly(purse, week, customers[k])


@inner
def _add(luck: Any, weight: Any, key: Any, found: Any) -> None:
    """Luck with the weighted numbers of a key."""
    for s in range(len(luck)):
        found[s] = luck[s] + weight * drawn(key, s)


@inner
def _cell(limit: Any, luck: Any) -> Any:
    """The first cell whose limit is above."""
    low, high = 0, len(limit)
    while low < high:
        middle = (low + high) // 2
        if luck < limit[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def _weekly(purse: Any, week: Any, found: Any) -> None:
    """P10, P50 and P90 of each week's money."""
    for w in range(len(found)):
        begin, end = (w * 7, w * 7 + 7) if w < 2 else (w + 12, w + 13)
        week[:] = 0
        for cell in range(begin, end):
            for s in range(len(week)):
                week[s] += purse[s, cell]
        if week.min() == week.max():
            found[w, :] = week[0]
        else:
            _range(np.sort(week), found[w])


@inner
def _range(ordered: Any, found: Any) -> None:
    """P10, P50, P90 of sorted draws; narrowed from both sides alike where lumps lie at its ends.

    Money comes in lumps: an invoice that is paid this week with 85 % has 0 as its tenth and the whole as its ninetieth
    hundredth, and the range would say nothing. A lump is left out as long as three draws in four lie inside.
    """
    size = len(ordered)
    low = int(np.ceil(0.1 * size)) - 1
    middle = ordered[int(np.ceil(0.5 * size)) - 1]
    found[0], found[1], found[2] = ordered[low], middle, ordered[size - 1 - low]
    held = _inside(ordered, low)
    while True:
        below = np.searchsorted(ordered, ordered[low], side="right")  # the next value up
        above = size - np.searchsorted(ordered, ordered[size - 1 - low], side="left")
        low = min(below, above)
        if low >= size // 2:
            break
        inside = _inside(ordered, low)
        if inside < _INSIDE * size or (inside < 0.8 * size and held - inside < _LUMP * size):
            break
        held = inside
        found[0], found[2] = min(ordered[low], middle), max(ordered[size - 1 - low], middle)


@inner
def _inside(ordered: Any, low: Any) -> Any:
    """How many draws lie between two that are as far from their ends."""
    most, least = ordered[len(ordered) - 1 - low], ordered[low]
    return np.searchsorted(ordered, most, side="right") - np.searchsorted(ordered, least, side="left")


@kernel
def _quantiles(draws: Any, found: Any) -> None:
    for purse in range(draws.shape[0]):
        for period in range(draws.shape[2]):
            _range(np.sort(draws[purse, :, period]), found[purse, period])
