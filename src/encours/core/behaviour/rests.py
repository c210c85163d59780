"""What payments leave open: how often a first payment leaves a rest, how much of the item, and when that is paid.

A payment that leaves something is an outcome of its own beside the payment of the whole (competing risks: Prentice et
al., 1978). A rest of less than a quarter is a short payment: something was taken off, and a good part of it never
comes. A larger one is an instalment: it comes by the next payment run or the one after. The hazard model says when
money comes next, these shares how much of the item it is, and the rest has days of its own, counted from the day on
which the payment became known.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from encours.core.base.kernel import kernel
from encours.core.behaviour.curves import Curves
from encours.core.behaviour.grid import Bools, Float64, Int32, Int64
from encours.core.behaviour.panel import Panel

#: A first payment that leaves less of the item than this is a short payment, else an instalment.
SHORT = 0.25
KINDS = 2
#: Payments of the whole book that count beside a payer's own in how often it pays in parts: at least, and at most.
_SHRINK = (5.0, 1_000.0)
#: Days since a rest arose at which its daily chance of payment may be another; days of all rests that count beside
#: those of one such span.
_EDGES = np.array([0, 8, 15, 22, 31, 46, 61, 91, 181, 366])
_SHRINK_DAYS = 60.0
#: Days that a rest waits where a book says nothing; days over which its chances are laid out.
_USUAL_WAIT, _DAYS = 60.0, 4_000


class Rests(NamedTuple):
    """What is known of rests on a day, by kind (0: of a short payment, 1: of an instalment).

    `chance` by payer of the panel: of a first payment that leaves one; `share`: what it leaves of the item, on average;
    By days since it arose `paid`: the chance that it has been paid; `stays`: that nothing has ended it, no credit note
    or write-off either.
    """

    chance: Float64
    share: Float64
    paid: Float64
    stays: Float64


def rests(items: Panel, day: int, lag: int) -> Rests:
    """What was known of rests at the end of `day`; `lag`: days that payments take to be known.

    A payer's own share of payments leans on the book's, as much as payers of it are alike; a span of days leans on all
    days of its kind.
    """
    told = (items.told <= day) & items.paid & items.counts
    kind, payer, payers = np.where(items.left < SHORT, 0, 1), items.payer, len(items.first) - 1
    paid = np.bincount(payer[told], minlength=payers)
    of = [told & (items.left > 0) & (kind == one) for one in range(KINDS)]
    chance = [_chance(np.bincount(payer[one], minlength=payers), paid) for one in of]
    share = np.array([float(items.left[one].mean()) if one.any() else 0.0 for one in of])
    known = items.rest & (items.seen <= day)
    ends = [_ends(items, known & (kind == one), day, lag) for one in range(KINDS)]
    gone, stays = (np.stack(part) for part in zip(*ends, strict=True))
    return Rests(np.stack(chance, axis=1), share, gone, stays)


def _chance(own: Int64, paid: Int64) -> Float64:
    """By payer: the share of payments that left a rest, leaning on the book's.

    How much it leans is how little payers differ beyond chance: the variance between them as an analysis of variance
    gives it (Kleinman, 1973).
    """
    whole, some = paid.sum(), paid > 0
    if not own.any():
        return np.zeros(len(paid))
    usual = own.sum() / whole
    chance = usual * (1 - usual)
    apart = float((paid[some] * (own[some] / paid[some] - usual) ** 2).sum()) - (some.sum() - 1) * chance
    between = apart / max(whole - float((paid.astype(np.float64) ** 2).sum()) / whole, 1.0)
    leans = np.clip(chance / between - 1 if between > 0 else np.inf, *_SHRINK)
    return np.asarray((own + leans * usual) / (paid + leans), dtype=np.float64)


def _ends(items: Panel, of: Bools, day: int, lag: int) -> tuple[Float64, Float64]:
    """By days since a rest arose: the chances that it was paid, and that nothing has ended it (Aalen and Johansen,
    1978, by spans)."""
    seen, ended = items.seen[of].astype(np.int64), items.told[of] <= day
    waited = np.maximum(np.where(ended, items.end[of], day - lag) - seen, 0)
    ends = np.append(_EDGES[1:], _DAYS)
    days = np.clip(waited[:, None] - _EDGES, 0, ends - _EDGES).sum(axis=0)
    span = np.searchsorted(_EDGES, waited, side="right") - 1
    counts = [np.bincount(span[ended & (items.paid[of] == paid)], minlength=len(_EDGES)) for paid in (True, False)]
    at_risk = days + sum(counts)
    # Where a book says nothing a rest is paid after the usual wait, and nothing else ends it.
    means = [(count.sum() + first) / (at_risk.sum() + _USUAL_WAIT) for count, first in zip(counts, (1, 0), strict=True)]
    hazards = [
        (count + mean * _SHRINK_DAYS) / (at_risk + _SHRINK_DAYS) for count, mean in zip(counts, means, strict=True)
    ]
    by_day = [np.repeat(hazard, ends - _EDGES) for hazard in hazards]
    stays = np.cumprod(1.0 - by_day[0] - by_day[1])
    paid = np.cumsum(np.append(1.0, stays[:-1]) * by_day[0])
    return paid, stays


def of_rests(of: Curves, items: Panel, item: Int64, day: Int32, known: Rests) -> Curves:
    """The curves of looks at `item` on `day` where those of rests are what rests that stood as long became."""
    rest = items.rest[item]
    if not rest.any():
        return of
    kind, left = np.where(items.left[item] < SHORT, 0, 1), of.left.copy()
    _stand(of, rest, kind, items.seen[item].astype(np.int64), day.astype(np.int64), known.paid, known.stays, left)
    return of._replace(left=left)


def of_money(of: Curves, items: Panel, item: Int64, known: Rests) -> Curves:
    """The curves of the money of items from those of their next payment: `left` is then the share that has not come.

    What a payment leaves, on average of full payments, short ones and instalments, comes as rests do.
    """
    chance = np.where(items.rest[item][:, None], 0.0, known.chance[items.payer[item]])
    if not (chance * known.share).any():
        return of
    left = of.left.copy()
    _leave(of, chance * known.share, known.paid, left)
    return of._replace(left=left)


@kernel
def _stand(of: Any, rest: Any, kind: Any, seen: Any, day: Any, paid: Any, stays: Any, left: Any) -> None:
    last = paid.shape[1] - 1
    for k in range(len(of.first) - 1):
        if not rest[k]:
            continue
        now = min(max(day[k] - seen[k], 0), last)
        for row in range(of.first[k], of.first[k + 1]):
            then = min(max(of.begin[row] + of.length[row] - 1 - seen[k], 0), last)
            came = (paid[kind[k], then] - paid[kind[k], now]) / max(stays[kind[k], now], 1e-12)
            left[row] = 1.0 - min(came, 1.0)


@kernel
def _leave(of: Any, leaves: Any, paid: Any, left: Any) -> None:
    last = paid.shape[1] - 1
    for k in range(len(of.first) - 1):
        for kind in range(leaves.shape[1]):
            if leaves[k, kind] <= 0.0:
                continue
            for row in range(of.first[k], of.first[k + 1]):
                end, before, later = of.begin[row] + of.length[row] - 1, 1.0, 0.0
                for at in range(of.first[k], row + 1):
                    came = before - of.left[at]
                    before = of.left[at]
                    if came > 1e-9:
                        since = end - of.begin[at] - (of.length[at] - 1) // 2
                        later += came * (1.0 - paid[kind, min(since, last)])
                left[row] += leaves[k, kind] * later
