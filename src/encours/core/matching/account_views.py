"""The long way: a receipt beside whole accounts and families of those whom it may come from."""

from __future__ import annotations

import numpy as np

from encours.core.base.kernel import kernel, lean
from encours.core.matching.asks import Asks
from encours.core.matching.near_numbers import read_near
from encours.core.matching.payers import QUOTED, Payers
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import OTHER
from encours.core.matching.references.scan import Marks
from encours.core.matching.views import (
    ACCOUNT,
    ACROSS,
    ENTRIES_MAX,
    FAMILY,
    NOMINEES,
    Int32,
    Views,
    begin_view,
    count_quotes,
    cut_views,
    fill_view,
    new_views,
    nominate,
)


@kernel
def make_views(todo: Int32, pool: Pool, asks: Asks, payers: Payers, marks: Marks, final: bool) -> Views:
    """The views of the receipts in `todo`. `final`: items that became known after the receipt are there if quoted."""
    named = np.empty((4, len(todo), NOMINEES), dtype=np.int32)
    many = np.empty(len(todo), dtype=np.int32)
    views_max, entries_max = _room(todo, pool, asks, payers, marks, named, many)
    views = new_views(views_max, entries_max)
    ends = np.empty(ENTRIES_MAX, dtype=np.int32)
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
            read_near(view, views, pool, marks, asks.amount[ask], ends)
            count_quotes(view, views, pool, asks, marks)
    return cut_views(views, count)


@lean
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


@lean
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
