"""A view: one receipt beside the open items of one customer (or family, or of all it quotes), with what is quoted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, lean
from encours.core.matching.asks import Asks
from encours.core.matching.payers import (
    ACCOUNT_LEARNED,
    ACCOUNT_SHARED,
    AGREEMENT,
    NAME_LEARNED,
    QUOTED,
    STANDS_ON,
    Payers,
)
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import OTHER, SERIAL
from encours.core.matching.references.scan import Marks

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


class Views(NamedTuple):
    """View v: receipt `ask`, `amount`, `day`, `shape`, `customer` (the first of a family), `reason` (bits of payers),
    `likeness`, `taught` (matches that taught it), `nominees` (how many views its receipt has), `dead` (quoted items of
    the customer that are settled already), `late` (not known then), `elsewhere` (open items quoted of others).

    Entries `start[v]` to `start[v + 1]`, in order of due date: `item` (place in the pool), `left` (open and not
    given away), `due`, `issued`, `discount` (offered that day), `quote` (kind of quote, 0: none), `namesakes`.
    Of these `quoted[first_quoted[v]]` to `quoted[first_quoted[v + 1]]` have a quote: a few of a hundred.
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
    first_quoted: Int64
    quoted: Int32


@lean
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
        if right > 0 and right >= AGREEMENT * total:
            count = _add(who, why, like, taught, count, payers.learned_account[account], ACCOUNT_LEARNED, 1000, right)
    if name >= 0:
        for n in range(payers.name_start[name], payers.name_start[name + 1]):
            count = _add(who, why, like, taught, count, payers.nominee[n], payers.reason[n], payers.likeness[n], 0)
        right, total = payers.learned_name_right[name], payers.learned_name_total[name]
        if right > 0 and right >= AGREEMENT * total:
            count = _add(who, why, like, taught, count, payers.learned_name[name], NAME_LEARNED, 1000, right)
    for n in range(payers.own_start[ask], payers.own_start[ask + 1] if asks.customer[ask] < 0 else 0):
        count = _add(who, why, like, taught, count, payers.nominee[n], payers.reason[n], payers.likeness[n], 0)
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.namesakes[quote] <= 4 or marks.kind[quote] == OTHER:
                customer = pool.customer[marks.item[quote]]
                _crowd_in(who, why, like, taught, count, customer, account, payers)
                count = _add(who, why, like, taught, count, customer, QUOTED, 0, 0)
    return count


@lean
def _crowd_in(
    who: Int32, why: Int32, like: Int32, taught: Int32, count: int, customer: int, account: int, payers: Payers
) -> None:
    """Where the list is full, gives a quoted customer the place of the last that only shares the account: many do."""
    if count < len(who) or account < 0:
        return
    place = -1
    for n in range(count):
        if who[n] == customer:
            return
        place = n if why[n] == ACCOUNT_SHARED else place
    if place < 0:
        return
    who[place], why[place], like[place], taught[place] = customer, 0, 0, 0
    for n in range(payers.account_start[account], payers.account_start[account + 1]):
        if payers.nominee[n] == customer:
            why[place], like[place] = payers.reason[n], payers.likeness[n]


@lean
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
        np.zeros(entries, dtype=np.int16), np.zeros(views + 1, dtype=np.int64), np.empty(0, dtype=np.int32),
    )  # fmt: skip


@inner
def cut_views(views: Views, count: int) -> Views:
    """The views without the room that was not needed, and a list of what is quoted in them."""
    end = views.start[count]
    quoted = np.flatnonzero(views.quote[:end]).astype(np.int32)
    first_quoted = np.searchsorted(quoted, views.start[: count + 1])
    return Views(
        views.ask[:count], views.amount[:count], views.day[:count], views.shape[:count], views.customer[:count],
        views.reason[:count], views.likeness[:count], views.taught[:count], views.nominees[:count], views.dead[:count],
        views.late[:count], views.elsewhere[:count], views.start[: count + 1], views.item[:end], views.left[:end],
        views.due[:end], views.issued[:end], views.discount[:end], views.quote[:end], views.namesakes[:end],
        first_quoted, quoted,
    )  # fmt: skip


@lean
def begin_view(
    views: Views, view: int, ask: int, asks: Asks, customer: int, reason: int, likeness: int, taught: int
) -> None:
    views.ask[view], views.amount[view], views.day[view] = ask, asks.amount[ask], asks.day[ask]
    views.customer[view], views.reason[view] = customer, reason
    views.likeness[view], views.taught[view] = likeness, taught


@lean
def _put(views: Views, entry: int, item: int, pool: Pool, day: int) -> None:
    views.item[entry] = item
    views.left[entry] = pool.open[item] - pool.taken[item] - pool.held[item]
    views.due[entry], views.issued[entry] = pool.due[item], pool.issued[item]
    views.discount[entry] = pool.discount[item] if pool.discount_until[item] + _LATE_DISCOUNT >= day else 0
    views.quote[entry], views.namesakes[entry] = 0, 0


@lean
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


@lean
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


@lean
def _is_quoted(ask: int, item: int, marks: Marks) -> bool:
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            if marks.item[quote] == item:
                return True
    return False


@lean
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
