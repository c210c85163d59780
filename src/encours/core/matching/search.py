"""All hypotheses of a set of receipts: views, families tier by tier, what can be said of each, and a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from encours.core.base.threads import WORKERS, side_by_side
from encours.core.matching.account_views import make_views
from encours.core.matching.asks import Asks
from encours.core.matching.claims import Hypotheses, lines_of
from encours.core.matching.families import families
from encours.core.matching.family import Fits, no_fits, wipe
from encours.core.matching.features import FEATURES, count_rivals, describe, signatures
from encours.core.matching.payers import Payers
from encours.core.matching.pool import Pool
from encours.core.matching.quoted_views import make_quoted_views
from encours.core.matching.references.scan import Marks
from encours.core.matching.reopening import Reopening
from encours.core.matching.views import Views

Bools = npt.NDArray[np.bool_]
_Done = TypeVar("_Done")
#: Receipts that are searched at once by one thread; what is not worth a thread.
_SHARE, _FEW = 4_000, 1_000


@dataclass(frozen=True)
class Facts:
    """What a search reads: receipts, items, payers and quotes. The pool and what the payers taught change between
    searches. `continued`: receipts whose text names what they themselves have paid already; `back`: what returned
    payments open again meanwhile (None: nothing came back).
    """

    asks: Asks
    pool: Pool
    payers: Payers
    marks: Marks
    continued: Bools
    back: Reopening | None = None


@dataclass(frozen=True)
class Found:
    """Hypotheses and their features, row by row."""

    hypotheses: Hypotheses
    features: npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Part:
    """What one family (its place) found: the views chosen, a row of features and a signature for each, their lines."""

    family: int
    views: Views
    chosen: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    signature: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    pay: npt.NDArray[np.int64]

    def of_views(self, name: str) -> npt.NDArray[Any]:
        """A column of the chosen views."""
        found: npt.NDArray[Any] = getattr(self.views, name)[self.chosen]
        return found


def in_shares(work: Callable[[npt.NDArray[np.int32]], _Done], todo: npt.NDArray[np.int32]) -> list[_Done]:
    """`work` done on some receipts: in shares that bound the memory, several at once."""
    if len(todo) <= _FEW:
        return [work(todo)]
    rounds = -(-len(todo) // (_SHARE * WORKERS))  # as many shares for each: nobody waits for the last one
    return side_by_side(work, np.array_split(todo, rounds * WORKERS))


def search(facts: Facts, todo: npt.NDArray[np.int32], final: bool) -> Found:
    """Every hypothesis that fits the receipts in `todo` as things stand.

    Who quotes exactly what he pays is done with that; the others are looked at beside whole accounts.
    """
    short = make_quoted_views(todo, facts.pool, facts.asks, facts.payers, facts.marks)
    clear = (short.dead == 0) & (short.elsewhere == 0)
    parts = _tier(0, short, clear, clear, facts, no_fits(short)) if clear.any() else []
    solved = np.concatenate([part.of_views("ask") for part in parts]) if parts else todo[:0]
    rest = todo[~_among(solved, todo)]
    if len(rest):
        parts += _all_tiers(make_views(rest, facts.pool, facts.asks, facts.payers, facts.marks, final), facts)
    return _together(parts)


def _among(some: npt.NDArray[np.int32], ascending: npt.NDArray[np.int32]) -> Bools:
    """Which of some ascending receipts are among `some` of them."""
    found = np.zeros(len(ascending), dtype=np.bool_)
    found[np.searchsorted(ascending, some)] = True
    return found


def _all_tiers(views: Views, facts: Facts) -> list[_Part]:
    ended = np.zeros(len(facts.asks.amount), dtype=np.bool_)
    quoting = np.diff(views.first_quoted) > 0
    fits = no_fits(views)
    parts: list[_Part] = []
    for tier in sorted({family.tier for family in families()}):
        open_views = ~ended[views.ask]
        if not open_views.any():
            break
        fresh = _tier(tier, views, open_views, open_views & quoting, facts, fits)
        for part in fresh:
            if families()[part.family].ends:
                ended[part.of_views("ask")] = True
        parts += fresh
    return parts


def _tier(tier: int, views: Views, todo: Bools, quoting: Bools, facts: Facts, fits: Fits) -> list[_Part]:
    """What the families of one tier find in the views marked: those that need quotes in the `quoting` ones."""
    parts: list[_Part] = []
    for place, family in enumerate(families()):
        if family.tier == tier:
            found = _ask_family(place, views, quoting if family.quotes else todo, facts, fits)
            if found:
                parts.append(found)
    return parts


def _ask_family(place: int, views: Views, todo: Bools, facts: Facts, fits: Fits) -> _Part | None:
    """What one family finds. `fits` is empty before and after: families use one room in turn."""
    if not todo.any():
        return None
    family = families()[place]
    family.search(views, todo, fits)
    chosen = np.flatnonzero(fits.ways).astype(np.int64)
    if not len(chosen):
        return None
    features = describe(family.code, chosen, views, fits, facts.asks, facts.pool, facts.marks)
    lines = lines_of(chosen, views, fits)
    wipe(chosen, views, fits)
    return _Part(place, views, chosen, features, signatures(*lines), *lines)


def _together(parts: list[_Part]) -> Found:
    """The fits of all families as one table; equal sets of one receipt stay apart by family and view."""
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        small = none.astype(np.int32)
        empty = Hypotheses(small, small, small, small, small, small, none, none, np.zeros(1, np.int64), small, none)
        return Found(empty, np.zeros((0, len(FEATURES)), dtype=np.float32))

    def of_views(name: str) -> npt.NDArray[Any]:
        return np.concatenate([part.of_views(name) for part in parts])

    features = np.concatenate([part.features for part in parts])
    ends = np.cumsum([0, *(len(part.item) for part in parts)])
    starts = [np.zeros(1, dtype=np.int64), *(part.start[1:] + end for part, end in zip(parts, ends, strict=False))]
    start, pay = np.concatenate(starts), np.concatenate([part.pay for part in parts])
    hypotheses = Hypotheses(
        ask=of_views("ask"),
        family=np.repeat([part.family for part in parts], [len(part.chosen) for part in parts]).astype(np.int32),
        customer=of_views("customer"),
        reason=of_views("reason"),
        ways=features[:, 2].astype(np.int32),
        grade=features[:, 1].astype(np.int32),
        gap=_gaps(pay, start, of_views("amount")),
        signature=np.concatenate([part.signature for part in parts]),
        start=start,
        item=np.concatenate([part.item for part in parts]),
        pay=pay,
    )
    order = np.argsort(hypotheses.ask, kind="stable")
    count_rivals(features, hypotheses.ask, hypotheses.customer, hypotheses.signature, order)
    return Found(hypotheses, features)


def _gaps(
    pay: npt.NDArray[np.int64], start: npt.NDArray[np.int64], amount: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """What is settled beyond the receipt (positive) or left of it (negative), to the minor unit."""
    total = np.concatenate([[0], np.cumsum(pay)])
    gaps: npt.NDArray[np.int64] = total[start[1:]] - total[start[:-1]] - amount
    return gaps
