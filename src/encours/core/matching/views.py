"""A view: one receipt beside the open items of one customer (or family, or of all it quotes), with what is quoted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.matching.asks import Asks
from encours.core.matching.kernel import inner, kernel
from encours.core.matching.payers import (
    ACCOUNT_LEARNED,
    NAME_LEARNED,
    QUOTED,
    STANDS_ON,
    Payers,
)
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import LISTED, OTHER, SERIAL, SLIP, TAIL
from encours.core.matching.references.scan import RANGE, YEAR_FIRST, YEAR_LAST, Marks

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

#: What a view holds: a customer's account, a family's, or just the quoted items of several customers.
ACCOUNT, FAMILY, ACROSS = 0, 1, 2
#: Nominees of one receipt that are looked at, and items of one view.
NOMINEES, ENTRIES_MAX = 8, 600
#: Terms are stretched in practice: a discount taken so many days late is still the discount's amount.
_LATE_DISCOUNT = 10
#: Fewer digits are no tail of a number; in a list after a quote they are.
_TAIL_MIN = 4
#: A match must have been right so often before it names a customer.
_AGREEMENT = 0.9


class Views(NamedTuple):
    """View v: receipt `ask`, `amount`, `day`, `shape`, `customer` (the first of a family), `reason` (bits of payers),
    `likeness`, `taught` (matches that taught it), `nominees` (how many views its receipt has), `dead` (quoted items of
    the customer that are settled already), `late` (not known then), `elsewhere` (open items quoted of others).

    Entries `start[v]` to `start[v + 1]`, in order of due date: `item` (place in the pool), `left` (open and not
    given away), `due`, `issued`, `discount` (offered that day), `quote` (kind of quote, 0: none), `namesakes`.
    """

    ask: Int32
    amount: Int64
    day: Int32
    shape: Int8
    customer: Int32
    reason: Int32
    likeness: Int32
    taught: Int32
    nominees: Int32
    dead: Int32
    late: Int32
    elsewhere: Int32
    start: Int64
    item: Int32
    left: Int64
    due: Int32
    issued: Int32
    discount: Int64
    quote: Int8
    namesakes: Int16


@inner
def nominate(
    ask: int, pool: Pool, asks: Asks, payers: Payers, marks: Marks, who: Int32, why: Int32, like: Int32, taught: Int32
) -> int:
    """Writes the customers to look at, surest first within each source; how many there are."""
    count = 0
    account, name = payers.account[ask], payers.name[ask]
    if asks.customer[ask] >= 0:  # what the ledger or a person says outweighs names and accounts
        count = _add(who, why, like, taught, 0, asks.customer[ask], STANDS_ON, 1000, 0)
        account, name = -1, -1
    if account >= 0:
        for n in range(payers.account_start[account], payers.account_start[account + 1]):
            count = _add(who, why, like, taught, count, payers.nominee[n], payers.reason[n], payers.likeness[n], 0)
        right, total = payers.learned_account_right[account], payers.learned_account_total[account]
        if right > 0 and right >= _AGREEMENT * total:
            count = _add(who, why, like, taught, count, payers.learned_account[account], ACCOUNT_LEARNED, 1000, right)
    if name >= 0:
        for n in range(payers.name_start[name], payers.name_start[name + 1]):
            count = _add(who, why, like, taught, count, payers.nominee[n], payers.reason[n], payers.likeness[n], 0)
        right, total = payers.learned_name_right[name], payers.learned_name_total[name]
        if right > 0 and right >= _AGREEMENT * total:
            count = _add(who, why, like, taught, count, payers.learned_name[name], NAME_LEARNED, 1000, right)
    for n in range(payers.own_start[ask], payers.own_start[ask + 1] if asks.customer[ask] < 0 else 0):
        count = _add(who, why, like, taught, count, payers.nominee[n], payers.reason[n], payers.likeness[n], 0)
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.namesakes[quote] <= 4 or marks.kind[quote] == OTHER:
                customer = pool.customer[marks.item[quote]]
                count = _add(who, why, like, taught, count, customer, QUOTED, 0, 0)
    return count


@inner
def _add(
    who: Int32,
    why: Int32,
    like: Int32,
    taught: Int32,
    count: int,
    customer: int,
    reason: int,
    alike: int,
    right: int,
) -> int:
    for n in range(count):
        if who[n] == customer:
            why[n] |= reason
            like[n] = max(like[n], alike)
            taught[n] = max(taught[n], right)
            return count
    if count >= len(who):
        return count
    who[count], why[count], like[count], taught[count] = customer, reason, alike, right
    return count + 1


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
def _read_near(view: int, views: Views, pool: Pool, marks: Marks, amount: int) -> None:
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


@inner
def new_views(views: int, entries: int) -> Views:
    """Room for so many views and entries."""
    return Views(
        np.empty(views, dtype=np.int32), np.empty(views, dtype=np.int64), np.empty(views, dtype=np.int32),
        np.empty(views, dtype=np.int8), np.empty(views, dtype=np.int32), np.zeros(views, dtype=np.int32),
        np.zeros(views, dtype=np.int32), np.zeros(views, dtype=np.int32), np.zeros(views, dtype=np.int32),
        np.zeros(views, dtype=np.int32), np.zeros(views, dtype=np.int32), np.zeros(views, dtype=np.int32),
        np.zeros(views + 1, dtype=np.int64),
        np.empty(entries, dtype=np.int32), np.empty(entries, dtype=np.int64),
        np.empty(entries, dtype=np.int32), np.empty(entries, dtype=np.int32),
        np.empty(entries, dtype=np.int64), np.zeros(entries, dtype=np.int8),
        np.zeros(entries, dtype=np.int16),
    )  # fmt: skip


@kernel
def make_views(todo: Int32, pool: Pool, asks: Asks, payers: Payers, marks: Marks, final: bool) -> Views:
    """The views of the receipts in `todo`. `final`: items that became known after the receipt are there if quoted."""
    named = np.empty((4, len(todo), NOMINEES), dtype=np.int32)
    many = np.empty(len(todo), dtype=np.int32)
    views_max, entries_max = _room(todo, pool, asks, payers, marks, named, many)
    views = new_views(views_max, entries_max)
    count = 0
    for place in range(len(todo)):
        ask, nominees = todo[place], many[place]
        who, why, like, taught = named[0, place], named[1, place], named[2, place], named[3, place]
        before = count
        for n in range(nominees):
            customer = who[n]
            begin_view(views, count, ask, asks, customer, why[n], like[n], taught[n])
            count = fill_view(views, count, ACCOUNT, customer, customer + 1, pool, asks, marks, final)
            first, last = pool.family_first[customer], pool.family_last[customer]
            if last - first > 1:
                again = False
                for m in range(n):
                    again = again or pool.family_first[who[m]] == first
                if not again:
                    begin_view(views, count, ask, asks, customer, why[n], like[n], taught[n])
                    count = fill_view(views, count, FAMILY, first, last, pool, asks, marks, final)
        if asks.customer[ask] < 0 and _quoted_customers(ask, pool, marks) > 1:
            begin_view(views, count, ask, asks, -1, QUOTED, 0, 0)
            count = fill_view(views, count, ACROSS, 0, 0, pool, asks, marks, final)
        for view in range(before, count):
            views.nominees[view] = nominees
            _read_near(view, views, pool, marks, asks.amount[ask])
            count_quotes(view, views, pool, asks, marks)
    return cut_views(views, count)


@inner
def cut_views(views: Views, count: int) -> Views:
    end = views.start[count]
    return Views(
        views.ask[:count], views.amount[:count], views.day[:count], views.shape[:count], views.customer[:count],
        views.reason[:count], views.likeness[:count], views.taught[:count], views.nominees[:count], views.dead[:count],
        views.late[:count], views.elsewhere[:count], views.start[: count + 1], views.item[:end], views.left[:end],
        views.due[:end], views.issued[:end], views.discount[:end], views.quote[:end], views.namesakes[:end],
    )  # fmt: skip


@inner
def _room(
    todo: Int32, pool: Pool, asks: Asks, payers: Payers, marks: Marks, named: Int32, many: Int32
) -> tuple[int, int]:
    """Nominates for each receipt: who, why, how alike, how often taught into `named`, how many into `many`.

    Upper bounds of views and entries.
    """
    views = entries = 0
    for place in range(len(todo)):
        ask, who = todo[place], named[0, place]
        nominees = nominate(ask, pool, asks, payers, marks, who, named[1, place], named[2, place], named[3, place])
        many[place] = nominees
        quoted = (
            marks.last[marks.start[ask + 1] - 1] - marks.first[marks.start[ask]]
            if (marks.start[ask + 1] > marks.start[ask])
            else 0
        )
        views += 2 * nominees + 1
        entries += min(quoted, ENTRIES_MAX)
        for n in range(nominees):
            customer = who[n]
            entries += min(pool.open_end[customer] - pool.start[customer], ENTRIES_MAX)
            first, last = pool.family_first[customer], pool.family_last[customer]
            if last - first > 1:
                entries += min(pool.start[last] - pool.start[first], ENTRIES_MAX)
    return views, entries


@inner
def begin_view(
    views: Views, view: int, ask: int, asks: Asks, customer: int, reason: int, likeness: int, taught: int
) -> None:
    views.ask[view], views.amount[view], views.day[view] = ask, asks.amount[ask], asks.day[ask]
    views.customer[view], views.reason[view] = customer, reason
    views.likeness[view], views.taught[view] = likeness, taught


@inner
def _put(views: Views, entry: int, item: int, pool: Pool, day: int) -> None:
    views.item[entry] = item
    views.left[entry] = pool.open[item] - pool.taken[item] - pool.held[item]
    views.due[entry], views.issued[entry] = pool.due[item], pool.issued[item]
    views.discount[entry] = pool.discount[item] if pool.discount_until[item] + _LATE_DISCOUNT >= day else 0
    views.quote[entry], views.namesakes[entry] = 0, 0


@inner
def fill_view(
    views: Views, view: int, shape: int, first: int, last: int, pool: Pool, asks: Asks, marks: Marks, final: bool
) -> int:
    """Writes the entries of a view; the number of views with it. What is not open or not known then is left out."""
    ask = views.ask[view]
    day, currency = asks.day[ask], asks.currency[ask]
    begin = views.start[view]
    entry = begin
    if shape == ACROSS:
        for mark in range(marks.start[ask], marks.start[ask + 1]):
            for quote in range(marks.first[mark], marks.last[mark]):
                item = marks.item[quote]
                left = pool.open[item] - pool.taken[item] - pool.held[item]
                there = entry - begin >= ENTRIES_MAX or left == 0 or pool.currency[item] != currency
                there = there or (pool.known[item] > day and not final) or marks.kind[quote] > OTHER
                for other in range(begin, entry):
                    there = there or views.item[other] == item
                if not there:
                    _put(views, entry, item, pool, day)
                    entry += 1
    else:
        for customer in range(first, last):
            entry = _put_account(views, entry, begin + ENTRIES_MAX, customer, pool, asks, marks, ask, final)
    views.shape[view] = shape
    views.start[view + 1] = entry
    return view + 1


@inner
def _put_account(
    views: Views, entry: int, full: int, customer: int, pool: Pool, asks: Asks, marks: Marks, ask: int, final: bool
) -> int:
    """Writes what one customer has open, as far as there is room; the next free entry.

    Most of a search's time is spent here: the arrays are named once, and no call is made for an item.
    """
    day, currency = asks.day[ask], asks.currency[ask]
    opens, taken, held, known, currencies = pool.open, pool.taken, pool.held, pool.known, pool.currency
    dues, issues, discounts, until = pool.due, pool.issued, pool.discount, pool.discount_until
    items, lefts, due, issued, discount = views.item, views.left, views.due, views.issued, views.discount
    quote, namesakes = views.quote, views.namesakes
    for item in range(pool.start[customer], pool.open_end[customer]):
        left = opens[item] - taken[item] - held[item]
        if left == 0 or currencies[item] != currency or entry >= full:
            continue
        if known[item] > day and not (final and _is_quoted(ask, item, marks)):
            continue
        items[entry], lefts[entry], due[entry], issued[entry] = item, left, dues[item], issues[item]
        discount[entry] = discounts[item] if until[item] + _LATE_DISCOUNT >= day else 0
        quote[entry], namesakes[entry] = 0, 0
        entry += 1
    return entry


@inner
def _is_quoted(ask: int, item: int, marks: Marks) -> bool:
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.item[quote] == item:
                return True
    return False


@inner
def _quoted_customers(ask: int, pool: Pool, marks: Marks) -> int:
    """How many customers' items are quoted for sure, two standing for more."""
    found = -1
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.kind[quote] <= OTHER and marks.namesakes[quote] <= 4:
                customer = pool.customer[marks.item[quote]]
                if found >= 0 and customer != found:
                    return 2
                found = customer
    return 1 if found >= 0 else 0


@inner
def count_quotes(view: int, views: Views, pool: Pool, asks: Asks, marks: Marks) -> None:
    """Quotes that the view cannot pay: settled already, not known then, of other customers."""
    ask = views.ask[view]
    customer, shape = views.customer[view], views.shape[view]
    dead = late = elsewhere = 0
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        inside = False
        here_dead = here_late = others = 0
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.kind[quote] == SERIAL:
                continue
            item = marks.item[quote]
            mine = shape == ACROSS or pool.customer[item] == customer
            if shape == FAMILY:
                mine = pool.family_first[pool.customer[item]] == pool.family_first[customer]
            if mine:
                inside = True
                here_dead += 1 if pool.open[item] - pool.taken[item] - pool.held[item] == 0 else 0
                here_late += 1 if pool.known[item] > asks.day[ask] or pool.changed[item] > asks.day[ask] else 0
            elif pool.open[item] - pool.taken[item] != 0:
                others += 1
        dead += here_dead
        late += here_late
        elsewhere += others if not inside else 0
    views.dead[view], views.late[view], views.elsewhere[view] = dead, late, elsewhere
