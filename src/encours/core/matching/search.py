"""All hypotheses of a set of receipts: views, families tier by tier, what can be said of each, and a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from encours.core.matching.asks import Asks
from encours.core.matching.claims import Hypotheses, lines_of
from encours.core.matching.families import families
from encours.core.matching.family import Family, Fits, no_fits
from encours.core.matching.features import FEATURES, count_rivals, describe, signatures
from encours.core.matching.payers import Payers
from encours.core.matching.pool import Pool
from encours.core.matching.references.scan import Marks
from encours.core.matching.views import Views, make_views

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Facts:
    """What a search reads: receipts, items, payers and quotes. The pool and what the payers taught change between
    searches."""

    asks: Asks
    pool: Pool
    payers: Payers
    marks: Marks


@dataclass(frozen=True)
class Found:
    """Hypotheses and their features, row by row."""

    hypotheses: Hypotheses
    features: npt.NDArray[np.float32]


def search(facts: Facts, todo: npt.NDArray[np.int32], final: bool) -> Found:
    """Every hypothesis that fits the receipts in `todo` as things stand."""
    views = make_views(todo, facts.pool, facts.asks, facts.payers, facts.marks, final)
    ended = np.zeros(len(facts.asks.amount), dtype=np.bool_)
    quoting = _any_quote(views)
    parts: list[tuple[int, npt.NDArray[np.int64], Fits]] = []
    tiers = sorted({family.tier for family in families()})
    for tier in tiers:
        open_views = ~ended[views.ask]
        if not open_views.any():
            break
        for code, family in enumerate(families()):
            if family.tier == tier:
                found = _ask_family(family, views, open_views & quoting if family.quotes else open_views)
                if found:
                    chosen, fits = found
                    parts.append((code, chosen, fits))
        for code, chosen, _ in parts:
            if families()[code].tier == tier and families()[code].ends:
                ended[views.ask[chosen]] = True
    return _together(parts, views, facts)


def _any_quote(views: Views) -> Bools:
    """Whether anything is quoted in each view."""
    marked = np.concatenate([[0], np.cumsum(views.quote > 0)])
    found: Bools = marked[views.start[1:]] > marked[views.start[:-1]]
    return found


def _ask_family(family: Family, views: Views, todo: Bools) -> tuple[npt.NDArray[np.int64], Fits] | None:
    if not todo.any():
        return None
    fits = no_fits(views)
    family.search(views, todo, fits)
    chosen = np.flatnonzero(fits.ways).astype(np.int64)
    return (chosen, fits) if len(chosen) else None


def _together(parts: list[tuple[int, npt.NDArray[np.int64], Fits]], views: Views, facts: Facts) -> Found:
    """The fits of all families as one table; equal sets of one receipt stay apart by family and view."""
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        small = none.astype(np.int32)
        empty = Hypotheses(small, small, small, small, small, small, none, none, np.zeros(1, np.int64), small, none)
        return Found(empty, np.zeros((0, len(FEATURES)), dtype=np.float32))
    rows, starts, items, pays, marks = [], [np.zeros(1, dtype=np.int64)], [], [], []
    for code, chosen, fits in parts:
        rows.append(describe(families()[code].code, chosen, views, fits, facts.asks, facts.pool, facts.marks))
        start, item, pay = lines_of(chosen, views, fits)
        starts.append(start[1:] + starts[-1][-1])
        items.append(item)
        pays.append(pay)
        marks.append(signatures(chosen, views, fits))
    view = np.concatenate([chosen for _, chosen, _ in parts])
    features = np.concatenate(rows)
    hypotheses = Hypotheses(
        ask=views.ask[view],
        family=np.repeat([code for code, _, _ in parts], [len(chosen) for _, chosen, _ in parts]).astype(np.int32),
        customer=views.customer[view],
        reason=views.reason[view],
        ways=features[:, 2].astype(np.int32),
        grade=features[:, 1].astype(np.int32),
        gap=_gaps(items, pays, starts, views.amount[view]),
        signature=np.concatenate(marks),
        start=np.concatenate(starts),
        item=np.concatenate(items),
        pay=np.concatenate(pays),
    )
    order = np.argsort(hypotheses.ask, kind="stable")
    count_rivals(features, hypotheses.ask, hypotheses.customer, hypotheses.signature, order)
    return Found(hypotheses, features)


def _gaps(
    items: list[npt.NDArray[np.int32]],
    pays: list[npt.NDArray[np.int64]],
    starts: list[npt.NDArray[np.int64]],
    amount: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """What is settled beyond the receipt (positive) or left of it (negative), to the minor unit."""
    total = np.concatenate([[0], np.cumsum(np.concatenate(pays))])
    start = np.concatenate(starts)
    gaps: npt.NDArray[np.int64] = total[start[1:]] - total[start[:-1]] - amount
    return gaps
