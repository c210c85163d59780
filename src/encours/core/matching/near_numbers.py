"""The loose digits of a text beside the numbers of one account: tails, lists, ranges, slips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import lean
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import LISTED, SLIP, TAIL
from encours.core.matching.references.scan import RANGE, YEAR_FIRST, YEAR_LAST, Marks
from encours.core.matching.views import ACROSS, Int32, Views

#: Fewer digits are no tail of a number; in a list after a quote they are.
_TAIL_MIN = 4
#: The last four digits of a number: what is not alike there is not looked at further.
_ENDS = 10_000


def _differences() -> npt.NDArray[np.bool_]:
    """By how much the last four digits of two numbers may differ that are one digit off, or have two changed places."""
    found = np.zeros(_ENDS, dtype=np.bool_)
    for place in range(4):
        for digit in range(10):
            found[digit * 10**place] = True
            found[min(9 * digit * 10**place, _ENDS - 1)] |= place < 3  # two neighbours: nine times their difference
    return found


_OFF_BY = _differences()


@lean
def _one_off(first: int, second: int, size: int) -> bool:
    """Whether two runs of `size` digits differ in one digit, or in two neighbours that changed places."""
    differing, place, at, one, other = 0, 0, 0, 0, 0
    swapped = False
    while place < size:
        a, b = first % 10, second % 10
        if a != b:
            differing += 1
            if differing == 2:
                swapped = place == at + 1 and one == b and other == a
            if differing > 2 or (differing == 2 and not swapped):
                return False
            one, other, at = a, b, place
        first //= 10
        second //= 10
        place += 1
    return differing == 1 or (differing == 2 and swapped)


@lean
def _cut_or_doubled(value: int, size: int, digits: int) -> bool:
    """Whether a run of digits is the last `size` + 1 of a number with one left out.

    The first digit from the right that differs must be the one; of equal neighbours any may be left out.
    """
    if size > 16:
        return False
    whole = digits % (np.int64(10) ** (size + 1))
    for _ in range(size):
        if whole % 10 != value % 10:
            return bool(whole // 10 == value)
        whole //= 10
        value //= 10
    return True


@lean
def _may_be_cut(end: int, wanted: int) -> bool:
    """Whether a number with the last four digits `end` may become one that ends in `wanted` when it loses a digit: the
    last, the one before it, and so on."""
    if end // 10 == wanted % 1_000:
        return True
    if end % 10 != wanted % 10:
        return False
    if end // 100 == wanted // 10 % 100:
        return True
    return bool(end % 100 == wanted % 100 and (end // 1_000 == wanted // 100 % 10 or end % 1_000 == wanted % 1_000))


@lean
def _place_of(views: Views, view: int, item: int) -> int:
    """The entry of an item, −1 where it is not there. The items of an account or a family ascend."""
    low, high = views.start[view], views.start[view + 1]
    while high - low > 8 and views.shape[view] != ACROSS:
        middle = (low + high) // 2
        if views.item[middle] <= item:
            low = middle
        else:
            high = middle
    for entry in range(low, high):
        if views.item[entry] == item:
            return entry
    return -1


@lean
def _quote(views: Views, view: int, item: int, kind: int, namesakes: int) -> bool:
    """Marks an item of the view as quoted, the surest kind first; whether it is there."""
    entry = _place_of(views, view, item)
    if entry < 0:
        return False
    if views.quote[entry] == 0 or kind < views.quote[entry]:
        views.quote[entry] = kind
        views.namesakes[entry] = namesakes
    return True


@lean
def read_near(view: int, views: Views, pool: Pool, marks: Marks, amount: int, ends: Int32) -> None:
    """Reads the loose digits of the text against the numbers of the view: tails, lists, ranges, slips.

    `ends`: room for the last four digits of each number of a view, laid out side by side for the first that asks.
    """
    ask = views.ask[view]
    laid_out = False
    first, last = views.start[view], views.start[view + 1]
    base = -1  # the item quoted last: a list goes on from it
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        value, size = marks.value[mark], marks.size[mark]
        hit = -1
        for quote in range(marks.first[mark], marks.last[mark]):
            item = marks.item[quote]
            if (
                _quote(views, view, item, marks.kind[quote], marks.namesakes[quote])
                or pool.customer[item] == views.customer[view]
                or (views.shape[view] == ACROSS)
            ):
                hit = item
        if hit < 0 and size > 0 and base >= 0 and marks.link[mark] != 0 and size <= 6:
            hit = _from_list(views, first, last, pool, base, value, size)
        if hit >= 0 and base >= 0 and marks.link[mark] == RANGE:
            _between(views, first, last, pool, base, hit)
        if hit < 0 and size >= _TAIL_MIN and not _says_amount(value, amount):
            if not laid_out:
                for entry in range(first, last):
                    ends[entry - first] = pool.digits[views.item[entry]] % _ENDS
                laid_out = True
            hit = _by_tail(views, first, last, pool, value, size, marks.slip[mark], ends)
        if hit >= 0:
            base = hit
        elif marks.link[mark] == 0:
            base = -1


@lean
def _says_amount(value: int, amount: int) -> bool:
    return bool(value == abs(amount) or value == abs(amount) // 100)


@lean
def _from_list(views: Views, first: int, last: int, pool: Pool, base: int, value: int, size: int) -> int:
    """The item whose number is the base's with the last digits replaced."""
    power = np.int64(10) ** size
    wanted = pool.digits[base] - pool.digits[base] % power + value
    if wanted == pool.digits[base] or size >= pool.digits_size[base]:
        return -1
    items, numbers = views.item, pool.digits
    for entry in range(first, last):
        item = items[entry]
        if numbers[item] == wanted and pool.digits_size[item] == pool.digits_size[base]:
            if views.quote[entry] == 0:
                views.quote[entry] = LISTED
                views.namesakes[entry] = 1
            return int(item)
    return -1


@lean
def _between(views: Views, first: int, last: int, pool: Pool, base: int, end: int) -> None:
    """Marks the items whose numbers lie between two of one series, at most a hundred of them."""
    low, high = pool.digits[base], pool.digits[end]
    if not low < high <= low + 100 or pool.digits_size[base] != pool.digits_size[end]:
        return
    for entry in range(first, last):
        item = views.item[entry]
        of_series = low < pool.digits[item] < high and pool.digits_size[item] == pool.digits_size[base]
        if of_series and views.quote[entry] == 0:
            views.quote[entry] = LISTED
            views.namesakes[entry] = 1


@lean
def _by_tail(views: Views, first: int, last: int, pool: Pool, value: int, size: int, slip: bool, ends: Int32) -> int:
    """The items whose numbers end in the digits; else those that are one character off. The last one found."""
    found, count = -1, 0
    year = size == 4 and YEAR_FIRST <= value <= YEAR_LAST
    power = int(np.int64(10) ** min(size, 18))
    items, numbers, sizes, quotes = views.item, pool.digits, pool.digits_size, views.quote
    wanted = value % _ENDS
    if not year:
        for entry in range(first, last):  # few end in the last four, and to see that is cheap
            if ends[entry - first] == wanted and _ends_in(items[entry], value, size, power, pool):
                count += 1
                found = entry
    if count > 0:
        kind = SLIP if slip else TAIL
        for entry in range(first, last):
            alike = ends[entry - first] == wanted and _ends_in(items[entry], value, size, power, pool)
            if alike and (quotes[entry] == 0 or kind < quotes[entry]):
                quotes[entry] = kind
                views.namesakes[entry] = count
        return int(items[found])
    if size < 5:
        return -1
    for entry in range(first, last):
        end, item = int(ends[entry - first]), items[entry]
        if not (_OFF_BY[abs(end - wanted)] or (size >= 6 and _may_be_cut(end, wanted))):
            continue
        if sizes[item] < size or quotes[entry] != 0:
            continue
        if _one_off(numbers[item] % power, value, min(size, 18)) or (
            size >= 6 and sizes[item] > size and _cut_or_doubled(value, size, numbers[item])
        ):
            quotes[entry] = SLIP
            count += 1
            views.namesakes[entry] = count
            found = entry
    return int(items[found]) if found >= 0 else -1


@lean
def _ends_in(item: int, value: int, size: int, power: int, pool: Pool) -> bool:
    """Whether an item's number ends in a run of `size` digits; `power`: ten to that."""
    return bool(size <= pool.digits_size[item] and pool.digits[item] % power == value)
