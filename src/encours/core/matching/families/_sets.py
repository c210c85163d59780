"""Sums of quoted items and counted subsets: what several families need. Amounts are minor units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.family import LEVELS, Fits
from encours.core.matching.views import Views

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: Subsets of more items are not enumerated: nearly every amount would fit somehow.
SUBSET_MAX = 18


@lean
def quoted(views: Views, view: int, level: int) -> tuple[int, int]:
    """How many entries of a view are quoted by a kind up to `level`, and the sum of what is left of them."""
    count = total = 0
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            count += 1
            total += views.left[entry]
    return count, total


@lean
def pay_quoted(views: Views, view: int, level: int, fits: Fits) -> None:
    """Pays all that is quoted up to a level in full."""
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        if views.quote[entry] <= level:
            fits.pay[entry] = views.left[entry]


@lean
def next_level(views: Views, view: int, step: int, known: int) -> tuple[int, int, int]:
    """The next step of LEVELS that adds a quote to the `known` ones: step (−1: none), count and sum."""
    while step < len(LEVELS):
        count, total = quoted(views, view, LEVELS[step])
        if count > known:
            return step, count, total
        step += 1
    return -1, 0, 0


@lean
def _sums(values: Int64, count: int, sums: Int64, masks: Int64) -> int:
    """All subset sums in ascending order with the subsets that make them.

    Each item merges the sums that hold it into those that do not, from the greatest down: there is room behind.
    """
    sums[0], masks[0] = 0, 0
    size = 1
    for n in range(count):
        value, bit = values[n], np.int64(1) << n
        without = size - 1
        size *= 2
        held = without
        for place in range(size - 1, -1, -1):
            if held < 0 or (without >= 0 and sums[without] > sums[held] + value):
                sums[place], masks[place] = sums[without], masks[without]
                without -= 1
            else:
                sums[place], masks[place] = sums[held] + value, masks[held] | bit
                held -= 1
    return size


@kernel
def count_subsets(values: Int64, target: int) -> tuple[int, int]:
    """How many non-empty subsets of at most 18 values sum to a target, and the bits of the smallest, earliest one.

    Meets in the middle: the sums of each half in ascending order, one read forwards, the other backwards.
    """
    places = np.empty(len(values), dtype=np.int64)
    count = _that_may(values, target, places)
    values = values[places[:count]]
    half = count // 2
    room = np.int64(1) << (count - half)
    low, low_masks = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    high, high_masks = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    lows = _sums(values[:half], half, low, low_masks)
    highs = _sums(values[half:], count - half, high, high_masks)
    ways, best, best_bits = 0, np.int64(0), 100
    first, second = 0, highs - 1
    while first < lows and second >= 0:
        total = low[first] + high[second]
        if total < target:
            first += 1
        elif total > target:
            second -= 1
        else:
            same_low, same_high = 1, 1
            while first + same_low < lows and low[first + same_low] == low[first]:
                same_low += 1
            while second - same_high >= 0 and high[second - same_high] == high[second]:
                same_high += 1
            for a in range(same_low):
                for b in range(same_high):
                    mask = low_masks[first + a] | (high_masks[second - b] << half)
                    if mask != 0:
                        ways += 1
                        bits = _bits(mask)
                        # Of equal size the one whose entries come first: the older debt is paid first.
                        if bits < best_bits or (bits == best_bits and mask < best):
                            best, best_bits = mask, bits
            first += same_low
            second -= same_high
    chosen = np.int64(0)
    for n in range(count):
        chosen |= (best >> n & 1) << places[n]
    return ways, int(chosen)


@lean
def _that_may(values: Int64, target: int, places: Int64) -> int:
    """Writes the places of the values that a subset with this sum may hold; how many there are.

    What is more than the target and all notes, and a note that all the others cannot make good, is in none: most of the
    items of an account are larger than what is looked for, and each one less halves the sums.
    """
    below = above = np.int64(0)
    for value in values:
        below += min(value, 0)
        above += max(value, 0)
    count = 0
    for n in range(len(values) if below <= target <= above else 0):
        value = values[n]
        if (value >= 0 and value + below <= target) or (value < 0 and value + above >= target):
            places[count] = n
            count += 1
    return count


@lean
def _bits(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@kernel
def count_pairs(ascending: Int64, target: int) -> tuple[int, int, int]:
    """How many pairs of values in ascending order sum to a target, and the places of the first."""
    return _pairs(ascending, 0, len(ascending) - 1, target)


@lean
def _pairs(ascending: Int64, low: int, high: int, target: int) -> tuple[int, int, int]:
    """The same from the place `low` to the place `high`. Two hands meet."""
    ways, one, other = 0, -1, -1
    while low < high:
        total = ascending[low] + ascending[high]
        if total < target:
            low += 1
        elif total > target:
            high -= 1
        else:
            if ascending[low] == ascending[high]:
                same = high - low + 1
                ways += same * (same - 1) // 2
                return ways, low if one < 0 else one, low + 1 if one < 0 else other
            same_low, same_high = 1, 1
            while ascending[low + same_low] == ascending[low]:
                same_low += 1
            while ascending[high - same_high] == ascending[high]:
                same_high += 1
            ways += same_low * same_high
            if one < 0:
                one, other = low, high
            low += same_low
            high -= same_high
    return ways, one, other


@kernel
def count_triples(ascending: Int64, target: int) -> tuple[int, int, int, int]:
    """How many triples of values in ascending order sum to a target, and the places of the first one found."""
    ways, one, two, three = 0, -1, -1, -1
    high = len(ascending) - 1
    for place in range(high - 1):
        rest = target - ascending[place]
        # Neither this value nor a later one needs a third that is more than what is left beside the two least.
        while high > place + 1 and ascending[place + 1] + ascending[high] > rest:
            high -= 1
        if high <= place + 1:
            break
        if ascending[high - 1] + ascending[high] < rest:
            continue
        found, a, b = _pairs(ascending, place + 1, high, rest)
        if found > 0 and ways == 0:
            one, two, three = place, a, b
        ways += found
    return ways, one, two, three


@lean
def longest(views: Views) -> int:
    """How many entries the longest view has."""
    found = 0
    for view in range(len(views.ask)):
        found = max(found, views.start[view + 1] - views.start[view])
    return int(found)


@lean
def put_in_order(days: Int32, order: Int64, spare: Int64) -> bool:
    """Writes the places of some days in their order, equal ones as they stand; whether they were in order already.

    Runs that ascend are merged two by two: accounts lie in order of due date, and most need no sorting.
    """
    size, ascends = len(days), True
    for n in range(size):
        order[n] = n
    for n in range(1, size):
        ascends &= days[n - 1] <= days[n]
    runs = 1 if ascends else 2
    while runs > 1:
        runs, begin = 0, 0
        while begin < size:
            middle = _run_end(days, order, begin, size)
            end = _run_end(days, order, middle, size)
            _merge(days, order, begin, middle, end, spare)
            begin, runs = end, runs + 1
        for n in range(size):
            order[n] = spare[n]
    return ascends


@lean
def _run_end(days: Int32, order: Int64, begin: int, size: int) -> int:
    """Where the days stop ascending."""
    end = begin
    while end < size and (end == begin or days[order[end - 1]] <= days[order[end]]):
        end += 1
    return end


@lean
def _merge(days: Int32, order: Int64, begin: int, middle: int, end: int, into: Int64) -> None:
    first, second = begin, middle
    for place in range(begin, end):
        if second >= end or (first < middle and days[order[first]] <= days[order[second]]):
            into[place] = order[first]
            first += 1
        else:
            into[place] = order[second]
            second += 1
