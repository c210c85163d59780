"""The loose digits of a text beside the numbers of one account: tails, lists, ranges, slips."""

from __future__ import annotations

import numpy as np

from encours.core.base.kernel import inner
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import LISTED, SLIP, TAIL
from encours.core.matching.references.scan import RANGE, YEAR_FIRST, YEAR_LAST, Marks
from encours.core.matching.views import ACROSS, Views

#: Fewer digits are no tail of a number; in a list after a quote they are.
_TAIL_MIN = 4


@inner
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


@inner
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


@inner
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


@inner
def _quote(views: Views, view: int, item: int, kind: int, namesakes: int) -> bool:
    """Marks an item of the view as quoted, the surest kind first; whether it is there."""
    entry = _place_of(views, view, item)
    if entry < 0:
        return False
    if views.quote[entry] == 0 or kind < views.quote[entry]:
        views.quote[entry] = kind
        views.namesakes[entry] = namesakes
    return True


@inner
def read_near(view: int, views: Views, pool: Pool, marks: Marks, amount: int) -> None:
    """Reads the loose digits of the text against the numbers of the view: tails, lists, ranges, slips."""
    ask = views.ask[view]
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
            hit = _by_tail(views, first, last, pool, value, size, marks.slip[mark])
        if hit >= 0:
            base = hit
        elif marks.link[mark] == 0:
            base = -1


@inner
def _says_amount(value: int, amount: int) -> bool:
    return bool(value == abs(amount) or value == abs(amount) // 100)


@inner
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


@inner
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


@inner
def _by_tail(views: Views, first: int, last: int, pool: Pool, value: int, size: int, slip: bool) -> int:
    """The items whose numbers end in the digits; else those that are one character off. The last one found."""
    found, count = -1, 0
    year = size == 4 and YEAR_FIRST <= value <= YEAR_LAST
    power = np.int64(10) ** min(size, 18)
    items, numbers, sizes, ending = views.item, pool.digits, pool.digits_size, value % 10_000
    if not year:
        for entry in range(first, last):  # few end in the last four, and to see that is cheap
            digits = numbers[items[entry]]
            if digits % 10_000 == ending and size <= sizes[items[entry]] and digits % power == value:
                count += 1
                found = entry
    if count > 0:
        for entry in range(first, last):
            digits = numbers[items[entry]]
            if digits % 10_000 == ending and size <= sizes[items[entry]] and digits % power == value:
                kind = SLIP if slip else TAIL
                if views.quote[entry] == 0 or kind < views.quote[entry]:
                    views.quote[entry] = kind
                    views.namesakes[entry] = count
        return int(views.item[found])
    if size < 5:
        return -1
    quotes = views.quote
    for entry in range(first, last):
        item = items[entry]
        if sizes[item] < size or quotes[entry] != 0:
            continue
        if _one_off(numbers[item] % power, value, min(size, 18)) or (
            size >= 6 and sizes[item] > size and _cut_or_doubled(value, size, numbers[item])
        ):
            quotes[entry] = SLIP
            count += 1
            views.namesakes[entry] = count
            found = entry
    return int(views.item[found]) if found >= 0 else -1
