"""The short way: a receipt beside nothing but the items that its text quotes for sure."""

from __future__ import annotations

import numpy as np

from encours.core.base.kernel import kernel, lean
from encours.core.matching.asks import Asks
from encours.core.matching.payers import QUOTED, Payers
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import OTHER
from encours.core.matching.references.scan import Marks
from encours.core.matching.views import (
    ACCOUNT,
    ACROSS,
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
def make_quoted_views(todo: Int32, pool: Pool, asks: Asks, payers: Payers, marks: Marks) -> Views:
    """One view for each receipt of `todo` that quotes something open: most receipts need no other."""
    who, why = np.empty(NOMINEES, dtype=np.int32), np.empty(NOMINEES, dtype=np.int32)
    like, taught = np.empty(NOMINEES, dtype=np.int32), np.empty(NOMINEES, dtype=np.int32)
    entries = 0
    for ask in todo:
        if marks.start[ask + 1] > marks.start[ask]:
            entries += marks.last[marks.start[ask + 1] - 1] - marks.first[marks.start[ask]]
    views = new_views(len(todo), entries)
    count = 0
    for ask in todo:
        begin_view(views, count, ask, asks, -1, QUOTED, 0, 0)
        fill_view(views, count, ACROSS, 0, 0, pool, asks, marks, False)
        if views.start[count + 1] == views.start[count]:
            continue
        _mark(count, views, marks)
        customer = _one_customer(count, views, pool)
        nominees = nominate(ask, pool, asks, payers, marks, who, why, like, taught)
        views.nominees[count] = nominees
        if customer >= 0:
            views.shape[count], views.customer[count] = ACCOUNT, customer
            for n in range(nominees):
                if who[n] == customer:
                    views.reason[count], views.likeness[count], views.taught[count] = why[n], like[n], taught[n]
        count_quotes(count, views, pool, asks, marks)
        count += 1
    return cut_views(views, count)


@lean
def _mark(view: int, views: Views, marks: Marks) -> None:
    """Writes how each entry is quoted, the surest way."""
    ask = views.ask[view]
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            kind = marks.kind[quote]
            if kind > OTHER:
                continue
            for entry in range(views.start[view], views.start[view + 1]):
                if views.item[entry] == marks.item[quote] and (views.quote[entry] == 0 or kind < views.quote[entry]):
                    views.quote[entry], views.namesakes[entry] = kind, marks.namesakes[quote]


@lean
def _one_customer(view: int, views: Views, pool: Pool) -> int:
    """The customer of all entries, −1 where there are several."""
    found = -1
    for entry in range(views.start[view], views.start[view + 1]):
        customer = pool.customer[views.item[entry]]
        if found >= 0 and customer != found:
            return -1
        found = customer
    return found
