"""The text names only some of what is paid: with a few further items of the customer the sum is exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel, lean
from encours.core.matching.certificate.history import OTHER
from encours.core.matching.families._sets import (
    SUBSET_MAX,
    count_pairs,
    count_subsets,
    count_triples,
    next_level,
    pay_quoted,
)
from encours.core.matching.family import LEVELS, Family, Fits
from encours.core.matching.views import ENTRIES_MAX, Views

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: Three further items are looked for among at most so many.
_TRIPLES_AMONG = 80


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        if not todo[view]:
            continue
        step, count, total = next_level(views, view, 0, 0)
        while step >= 0:
            rest = views.amount[view] - total
            if rest != 0 and _with_others(views, view, LEVELS[step], rest, fits):
                break
            step, count, total = next_level(views, view, step + 1, count)


@inner
def _with_others(views: Views, view: int, level: int, rest: int, fits: Fits) -> bool:
    """One more, else a run that follows the quoted ones, else two, three, or any of those nearest to them."""
    first, last = views.start[view], views.start[view + 1]
    places = np.empty(min(last - first, ENTRIES_MAX), dtype=np.int64)
    dues = np.empty(last - first, dtype=np.int64)
    count, known = 0, 0
    for entry in range(first, last):
        if 0 < views.quote[entry] <= level:
            dues[known] = views.due[entry]
            known += 1
        else:
            places[count] = entry
            count += 1
    dues = dues[:known]
    ways, one = 0, -1
    for n in range(count):
        if views.left[places[n]] == rest:
            ways += 1
            nearer = one < 0 or _distance(dues, views.due[places[n]]) < _distance(dues, views.due[one])
            one = places[n] if nearer else one
    if ways > 0:
        return _take(views, view, level, ways, places[:0], one, fits)
    if rest < 0:
        return False
    values = np.empty(count, dtype=np.int64)
    for n in range(count):
        values[n] = views.left[places[n]]
    begin, end, ways = _run(values, rest)
    if ways > 0:
        return _take(views, view, level, ways, places[begin:end], -1, fits)
    ascending = np.sort(values)
    ways, a, b = count_pairs(ascending, rest)
    if ways > 0:
        return _take(views, view, level, ways, places[np.argsort(values)[np.array([a, b])]], -1, fits)
    if count <= _TRIPLES_AMONG:
        ways, a, b, c = count_triples(ascending, rest)
        if ways > 0:
            return _take(views, view, level, ways, places[np.argsort(values)[np.array([a, b, c])]], -1, fits)
    return _of_the_nearest(views, view, level, rest, places[:count], values, dues, fits)


@inner
def _of_the_nearest(
    views: Views,
    view: int,
    level: int,
    rest: int,
    places: Int64,
    values: Int64,
    dues: Int64,
    fits: Fits,
) -> bool:
    """Any set of the entries that stand nearest to the quoted ones in order of due date."""
    near, away = np.empty(SUBSET_MAX, dtype=np.int64), np.empty(SUBSET_MAX, dtype=np.int64)
    count = _nearest(dues, views.due, places, near, away)
    if count < 4:
        return False
    near = near[:count]
    ways, chosen = count_subsets(values[near], rest)
    if ways == 0:
        return False
    picked = np.empty(len(near), dtype=np.int64)
    count = 0
    for n in range(len(near)):
        if chosen >> n & 1:
            picked[count] = places[near[n]]
            count += 1
    return _take(views, view, level, ways, picked[:count], -1, fits)


@lean
def _nearest(dues: Int64, due: Int32, places: Int64, near: Int64, away: Int64) -> int:
    """Writes which entries stand nearest, nearest first and equal ones as they stand; how many of them there are."""
    count = 0
    for n in range(len(places)):
        distance = _distance(dues, due[places[n]])
        if count == len(near) and distance >= away[count - 1]:
            continue
        count = min(count + 1, len(near))
        place = count - 1
        while place > 0 and away[place - 1] > distance:
            near[place], away[place] = near[place - 1], away[place - 1]
            place -= 1
        near[place], away[place] = n, distance
    return count


@lean
def _distance(dues: Int64, due: int) -> int:
    """Days between a due date and the nearest quoted one."""
    nearest = np.int64(1) << 40
    for other in dues:
        nearest = min(nearest, abs(other - due))
    return int(nearest)


@inner
def _run(values: Int64, rest: int) -> tuple[int, int, int]:
    """Three or more entries that follow each other in order of due date: begin, end, how many such runs there are."""
    size = len(values)
    notes = np.zeros(size + 1, dtype=np.int64)
    for place in range(size - 1, -1, -1):
        notes[place] = notes[place + 1] + min(values[place], 0)
    begin, end, ways = 0, 0, 0
    for start in range(size):
        total = np.int64(0)
        for place in range(start, size):
            total += values[place]
            if total == rest and place > start + 1:
                ways += 1
                if ways == 1:
                    begin, end = start, place + 1
            if total + notes[place + 1] > rest:
                break
    return begin, end, ways


@inner
def _take(views: Views, view: int, level: int, ways: int, places: Int64, one: int, fits: Fits) -> bool:
    fits.ways[view], fits.grade[view] = ways, level
    pay_quoted(views, view, level, fits)
    for place in places:
        fits.pay[place] = views.left[place]
    if one >= 0:
        fits.pay[one] = views.left[one]
    return True


FAMILY = Family(
    name="quoted_more",
    code=22,
    tier=1,
    sentence="The text names some of the items; with further ones of the customer the sum is exact.",
    search=_search,
    stratum=OTHER,
    ends=False,
    quotes=True,
)
