"""Sums of quoted items and counted subsets: what several families need. Amounts are minor units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel, lean
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
    for entry in range(views.start[view], views.start[view + 1]):
        if 0 < views.quote[entry] <= level:
            count += 1
            total += views.left[entry]
    return count, total


@lean
def pay_quoted(views: Views, view: int, level: int, fits: Fits) -> None:
    """Pays all that is quoted up to a level in full."""
    for entry in range(views.start[view], views.start[view + 1]):
        if 0 < views.quote[entry] <= level:
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
def _sums(values: Int64, count: int, sums: Int64, masks: Int64, other: Int64, other_masks: Int64) -> int:
    """All subset sums in ascending order with the subsets that make them: each item merges its shifted copy in."""
    sums[0], masks[0] = 0, 0
    size = 1
    for n in range(count):
        value, bit = values[n], np.int64(1) << n
        first = second = 0
        for place in range(2 * size):
            plain = second >= size
            if first < size and second < size:
                plain = sums[first] <= sums[second] + value
            if first >= size:
                plain = False
            if plain:
                other[place], other_masks[place] = sums[first], masks[first]
                first += 1
            else:
                other[place], other_masks[place] = sums[second] + value, masks[second] | bit
                second += 1
        size *= 2
        for place in range(size):
            sums[place], masks[place] = other[place], other_masks[place]
    return size


@kernel
def count_subsets(values: Int64, target: int) -> tuple[int, int]:
    """How many non-empty subsets of at most 18 values sum to a target, and the bits of the smallest, earliest one.

    Meets in the middle: the sums of each half in ascending order, one read forwards, the other backwards.
    """
    count = len(values)
    half = count // 2
    room = np.int64(1) << (count - half)
    low, low_masks = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    high, high_masks = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    spare, spare_masks = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    lows = _sums(values[:half], half, low, low_masks, spare, spare_masks)
    highs = _sums(values[half:], count - half, high, high_masks, spare, spare_masks)
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
    return ways, int(best)


@lean
def _bits(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@kernel
def count_pairs(values: Int64, order: Int64, target: int) -> tuple[int, int, int]:
    """How many pairs sum to a target, and the first: `order` sorts the values ascending. Two hands meet."""
    ways, one, other = 0, -1, -1
    low, high = 0, len(values) - 1
    while low < high:
        total = values[order[low]] + values[order[high]]
        if total < target:
            low += 1
        elif total > target:
            high -= 1
        else:
            if values[order[low]] == values[order[high]]:
                same = high - low + 1
                ways += same * (same - 1) // 2
                return ways, order[low] if one < 0 else one, order[low + 1] if one < 0 else other
            same_low, same_high = 1, 1
            while values[order[low + same_low]] == values[order[low]]:
                same_low += 1
            while values[order[high - same_high]] == values[order[high]]:
                same_high += 1
            ways += same_low * same_high
            if one < 0:
                one, other = order[low], order[high]
            low += same_low
            high -= same_high
    return ways, one, other


@kernel
def count_triples(values: Int64, order: Int64, target: int) -> tuple[int, int, int, int]:
    """How many triples sum to a target, and the first one found."""
    ways, one, two, three = 0, -1, -1, -1
    size = len(values)
    ascending, line = values[order], np.arange(size)
    for place in range(size - 2):
        found, a, b = count_pairs(ascending[place + 1 :], line[: size - place - 1], target - ascending[place])
        if found > 0 and ways == 0:
            one, two, three = order[place], order[place + 1 + a], order[place + 1 + b]
        ways += found
    return ways, one, two, three


@inner
def in_order(days: Int32) -> Int64:
    """The places of some days in their order. Accounts lie in order of due date: most need no sorting."""
    for n in range(1, len(days)):
        if days[n - 1] > days[n]:
            return np.argsort(days, kind="mergesort")
    return np.arange(len(days))
