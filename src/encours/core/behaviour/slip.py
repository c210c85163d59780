"""Whether a payer is leaving its habit: evidence gathered item by item, open items included, since nothing was amiss.

Each item is ranked among what its payer did before: u is the share of the payer's earlier items that were at least as
late. Of an item still open only that share which was later than it already is can be known; so an open item speaks as
soon as it is late, and the later the louder. A bet says that more items than a share α are among the latest α; the
product of what it wins on one item after the other is a martingale while the habit holds (Shafer and Vovk, 2019), so
that it passes c once in c items at the most. The product is begun anew whenever it has lost (CUSUM: Page, 1954; as an
e-detector: Shin, Ramdas and Rinaldo, 2024), and four bets, from a few very late items to many a little late, are
averaged.

Items due within three days are one decision of the payer: the middle one of them is judged, so that one lost invoice
among ten paid ones is nothing. Few earlier decisions lean on those of payers whose delays spread as much and of whom as
little is known. A week in which other payers are late, too (holidays, a bank's trouble, our own backlog) proves nothing
against one of them: a bet reckons with the share of the others that are late in it.

What is said of it comes in two steps (`slips`). Weak evidence waits until an item is so late that waiting would cost:
most single items that are late come before that, and those of payers who leave their habit do not. It is given up once
the item is old, for then age says it. Strong evidence waits for nothing.

Two payers have no habit that could be left: who has hardly paid yet (`untried`), of whom a late item that is rare among
others is worth a word, and whose delays creep up (`creeps`, `behaviour.creep`), so that every past holds some of it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from encours.core.base.kernel import inner, kernel
from encours.core.behaviour.change import starts
from encours.core.behaviour.creep import Creep, creep
from encours.core.behaviour.grid import Bools, Float64, Int64
from encours.core.behaviour.history import NONE, TELLING
from encours.core.behaviour.panel import day_number

#: The bets: that the latest share α of items holds the share WON of them.
ALPHA: Float64 = np.array([0.015, 0.04, 0.1, 0.25])
WON: Float64 = np.array([0.5, 0.6, 0.75, 0.85])
#: The share of items that is among the latest for a collector's eye.
_TENTH = 0.1
#: The share of items that an unpaid one is among to be worth a word: the broadest bet's.
_QUARTER = 0.25
#: Earlier decisions that are looked at; for how many the pool of like payers counts beside them.
_LAST, _SHRINK = 200, 15.0
#: Earlier decisions that a payer must have; so many make it known: with fewer it is like others of whom as little is
#: known, and decisions that neither it nor they have are taken for later ones.
LEAST, _KNOWN = 1, 5
#: Decisions due so many days before are compared with first: the habit that is slipping is not its own measure.
_EMBARGO = 60
#: Items due within so many days of the first of them are one decision; three or more are told apart from one or two.
_GROUP_DAYS, _SIZES = 3, 3
#: Payers of a week that count for as much as the year, where the week is judged by all of them.
_WEEK_PAYERS = 10.0
#: Delays beyond this say no more.
_FAR = 120
#: Bounds of the spread (days between the quarters) of payers that are alike.
_SPREADS: Float64 = np.array([1.5, 3.5, 6.5, 10.5, 16.5])
#: Items due so many days ago at the most are judged; a score from which a payer is no measure for others.
_LOOKED_BACK, _SUSPECT = 300, 30.0
#: The score from which a payer slips for sure; the days by which the run must be later than the items before it.
SURE, LEAST_DAYS = 100.0, 4.0
#: Scores that are worth a word while the oldest of these items is so many days late, from and to: where one is later
#: than nine in ten, and where none is. A look every fourth day sees it ten days before day thirty.
EARLY, EARLY_BROAD, FROM_DAYS, TO_DAYS = 2.0, 4.0, 17, 30
#: z from which delays creep up; an unpaid item older than so many days is no news of it.
CREEPING, _CREEP_OLD = 2.0, 45

#: One row a payer. `slip_score`: the mean of what the bets have won (1: nothing is amiss); `slip_since`: due date of
#: the first item of the run that won; `slip_items` of it, `slip_late` among the latest tenth, `slip_open` of these
#: unpaid; `slip_days`: median delay of the run (of open items so far) less that of the payer's items before it;
#: `slip_waits`: days by which the oldest unpaid item of the run among the latest quarter is late (null: none);
#: `slip_ripe`: the same of any unpaid item FROM_DAYS to TO_DAYS late, `slip_rare`: the share of others' decisions that
#: are as late; `slip_oldest` of any unpaid item; `slip_paid` items, nine in ten at most `slip_usual` days late;
#: `slip_creep` (z of `behaviour.creep`), `slip_was` and `slip_now`: median delay of the older and the newer decisions.
SLIP_SCHEMA: dict[str, pl.DataType] = {
    "payer_id": pl.String(),
    "slip_score": pl.Float64(),
    "slip_since": pl.Date(),
    "slip_items": pl.Int64(),
    "slip_late": pl.Int64(),
    "slip_open": pl.Int64(),
    "slip_days": pl.Float64(),
    "slip_waits": pl.Int64(),
    "slip_ripe": pl.Int64(),
    "slip_rare": pl.Float64(),
    "slip_oldest": pl.Int64(),
    "slip_paid": pl.Int64(),
    "slip_usual": pl.Float64(),
    "slip_creep": pl.Float64(),
    "slip_was": pl.Float64(),
    "slip_now": pl.Float64(),
}


class _Items(NamedTuple):
    """Items, or decisions of `size` items, by payer and due date: `late` is the delay in days, of an open one so far;
    `known` the same by the day on which the payment became known (`seen`)."""

    first: Int64
    due: Int64
    paid: Bools
    seen: Int64
    late: Int64
    known: Int64
    size: Int64


class _Past(NamedTuple):
    """Of each decision: whether its payer had LEAST earlier ones by its due date, how many, how many of them at least
    as late, their median and the days between their quarters."""

    scored: Bools
    earlier: Float64
    more: Float64
    median: Float64
    spread: Float64


def slip(history: pl.DataFrame, excused: pl.Series, as_of: date) -> pl.DataFrame:
    """SLIP_SCHEMA of the payers of a history (HISTORY_SCHEMA). `excused`: item_id of items that are late for a reason
    of their own (disputed, refused, probably paid): they prove nothing."""
    day = day_number(as_of)
    told = history.filter(
        pl.col("kind").is_in(TELLING)
        & (pl.col("ending") != NONE)
        & ~pl.col("item_id").is_in(excused.implode())
        & ~((pl.col("open") > 0) & (pl.col("parts") > 0))
        & (pl.col("due_on") < as_of)
    ).sort("payer_id", "due_on", "item_id")
    if told.is_empty():
        return pl.DataFrame(schema=SLIP_SCHEMA)
    items, of = _gathered(_laid(told, day))
    past = _past(items, day - _LOOKED_BACK)
    rank = _rank(items, past, np.ones(len(items.due), dtype=np.bool_))
    score, since = _scores(items, past.scored, rank)
    # Who slips is no measure of what is usual.
    steady = np.repeat(score < _SUSPECT, np.diff(items.first))
    rank = _rank(items, past, steady)
    score, since = _scores(items, past.scored, rank)
    found = _told(told, day, items, of, rank, score, since)
    found = _ripe(found, items, steady, creep(items.first, items.late, items.paid))
    return found.select(pl.col(name).cast(dtype) for name, dtype in SLIP_SCHEMA.items())


def _laid(told: pl.DataFrame, day: int) -> _Items:
    due = told["due_on"].to_physical().to_numpy().astype(np.int64)
    paid = told["delay_days"].is_not_null().to_numpy()
    seen = told["told_on"].to_physical().fill_null(2**30).to_numpy().astype(np.int64)
    late = np.where(paid, told["delay_days"].fill_null(0).to_numpy(), day - due).astype(np.int64)
    # What is open is measured by the day on which payments become known, our own lag included.
    known = np.where(paid, seen - due, late)
    return _Items(starts(told["payer_id"].to_numpy()), due, paid.copy(), seen, late, known, np.ones(len(due), np.int64))


def _gathered(items: _Items) -> tuple[_Items, Int64]:
    """Items due within three days of the first of them as one, by the middle of them; and of each item the place of
    that one."""
    of = np.zeros(len(items.due), dtype=np.int64)
    _gather(items.first, items.due, of)
    # By payer, decision and delay: the middle one speaks for all.
    order = np.lexsort((items.late, of))
    begin = starts(of[order])
    size = np.diff(begin)
    middle = order[begin[:-1] + (size - 1) // 2]
    payer = np.searchsorted(items.first, middle, side="right")
    first = np.searchsorted(payer, np.arange(1, len(items.first) + 1)).astype(np.int64)
    found = _Items(
        first, items.due[middle], items.paid[middle], items.seen[middle], items.late[middle], items.known[middle], size
    )
    return found._replace(due=items.due[np.searchsorted(of, np.arange(len(size)))]), of


def _past(items: _Items, since: int) -> _Past:
    size = len(items.due)
    past = _Past(np.zeros(size, np.bool_), *(np.zeros(size) for _ in range(4)))
    _look_back(items, since, past)
    return past


def _rank(items: _Items, past: _Past, steady: Bools) -> Float64:
    """u of each decision: its own past, leaning on other payers whose delays spread as much."""
    rank, known = np.ones(len(items.due)), np.rint(items.known - past.median).astype(np.int64)
    beyond = np.where(items.paid, np.rint(items.late - past.median).astype(np.int64), known + 1)
    kind = np.searchsorted(_SPREADS, past.spread) * _SIZES + np.minimum(items.size, _SIZES) - 1
    kind = kind * 2 + (past.earlier < _KNOWN)
    own, mine = np.zeros(len(rank)), np.zeros(len(rank))
    told = past.scored & items.paid & steady
    _beside(items.first, items.paid, told, kind, beyond, known, own, mine)
    for one in np.unique(kind[past.scored]):
        of = past.scored & (kind == one)
        for paid, days in ((True, beyond), (False, known)):
            at = np.flatnonzero(of & (items.paid == paid))
            more = _at_least(days[of & told])[np.clip(beyond[at], -_FAR, _FAR) + _FAR] - own[at]
            others = (of & told).sum() - mine[at]
            weight = np.minimum(_SHRINK, others)
            lacks = np.maximum(_KNOWN - past.earlier[at] - weight, 0.0)
            later = past.more[at] + weight * (more + 0.5) / (others + 1.0) + lacks
            rank[at] = later / (past.earlier[at] + weight + lacks)
    return rank


def _scores(items: _Items, scored: Bools, rank: Float64) -> tuple[Float64, Int64]:
    size = len(items.first) - 1
    score, since = np.ones(size), np.full(size, -1, dtype=np.int64)
    usual = _usual(items.first, items.due, rank, scored)
    _bet(items.first, items.due, items.paid, rank, scored, usual, ALPHA, WON, score, since)
    return score, since


def _at_least(delays: Int64) -> Float64:
    """How many delays are of at least so many days, from −_FAR to _FAR."""
    counts = np.bincount(np.clip(delays, -_FAR, _FAR) + _FAR, minlength=2 * _FAR + 1)
    return np.asarray(counts[::-1].cumsum()[::-1], dtype=np.float64)


def _usual(first: Int64, due: Int64, rank: Float64, scored: Bools) -> Float64:
    """By item and bet: how often other payers' items due in its week are among their latest α, but at least α."""
    size = np.diff(first)
    payer, week = np.repeat(np.arange(len(size)), size)[scored], due[scored] // 7
    usual = np.tile(ALPHA, (len(due), 1))
    if not len(week):
        return usual
    begin = week.min()
    pair, place = np.unique(payer * 100_000 + week - begin, return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    of_week = pair % 100_000
    payers = np.bincount(of_week).astype(np.float64)
    for bet, alpha in enumerate(ALPHA):
        share = np.bincount(place, rank[scored] <= alpha) / count
        total, whole = np.bincount(of_week, share), share.mean()
        others = (total[of_week] - share + _WEEK_PAYERS * whole) / (payers[of_week] - 1 + _WEEK_PAYERS)
        usual[scored, bet] = (alpha * np.maximum(others / max(whole, 1e-9), 1.0))[place]
    return usual


def _told(
    told: pl.DataFrame, day: int, items: _Items, of: Int64, rank: Float64, score: Float64, since: Int64
) -> pl.DataFrame:
    """SLIP_SCHEMA of what was found: the figures of each payer's run."""
    begun = np.repeat(since, np.diff(items.first))
    run = (np.arange(len(begun)) >= begun) & (begun >= 0)
    rows = told.select("payer_id", "due_on", "open", "delay_days").with_columns(
        _run=pl.Series(run[of]), _late=pl.Series((rank <= _TENTH)[of]), _rank=pl.Series(rank[of])
    )
    is_open = pl.col("open") > 0
    rows = rows.with_columns(_days=pl.coalesce("delay_days", day - pl.col("due_on").to_physical()).clip(-_FAR, _FAR))
    # Of an open item that is not late yet nothing is known but that.
    days = pl.col("_days").filter(pl.col("_run") & (~is_open | (pl.col("_rank") <= 0.5)))
    waits = pl.col("_run") & is_open & (pl.col("_rank") <= _QUARTER)
    found = rows.group_by("payer_id", maintain_order=True).agg(
        slip_since=pl.col("due_on").filter("_run").min(),
        slip_items=pl.col("_run").sum(),
        slip_late=(pl.col("_run") & pl.col("_late")).sum(),
        slip_open=(pl.col("_run") & pl.col("_late") & is_open).sum(),
        slip_days=days.median() - pl.col("_days").filter(~pl.col("_run") & ~is_open).tail(50).median(),
        slip_waits=pl.col("_days").filter(waits).max(),
        slip_ripe=pl.col("_days").filter(is_open & pl.col("_days").is_between(FROM_DAYS, TO_DAYS)).max(),
        slip_oldest=pl.col("_days").filter(is_open).max(),
        slip_paid=(~is_open).sum(),
        slip_usual=pl.col("_days").filter(~is_open).quantile(0.9, "linear"),
    )
    return found.with_columns(slip_score=pl.Series(score))


def _ripe(found: pl.DataFrame, items: _Items, steady: Bools, creeping: Creep) -> pl.DataFrame:
    """Adds how rare an item as late as the payer's is among what others did, and how its delays creep up."""
    pool = items.paid & steady
    own = np.add.reduceat(pool.astype(np.int64), items.first[:-1])
    ripe = found["slip_ripe"].fill_null(0).to_numpy()
    # Who is asked this has paid nothing as late: none of these are its own.
    rare = (_at_least(items.late[pool])[ripe + _FAR] + 0.5) / (pool.sum() - own + 1.0)
    return found.with_columns(
        slip_rare=pl.Series(np.minimum(rare, 1.0)),
        slip_creep=pl.Series(creeping.z),
        slip_was=pl.Series(creeping.was),
        slip_now=pl.Series(creeping.now),
    )


@kernel
def _gather(first: Any, due: Any, of: Any) -> None:
    place = -1
    for k in range(len(first) - 1):
        begun = -(2**30)
        for i in range(first[k], first[k + 1]):
            if due[i] >= begun + _GROUP_DAYS:
                place, begun = place + 1, due[i]
            of[i] = place


@kernel
def _look_back(items: Any, since: Any, past: Any) -> None:
    """Fills `past` of the decisions due from day `since` on: what their payer had done by their due date."""
    delays = np.zeros(_LAST)
    for k in range(len(items.first) - 1):
        for i in range(items.first[k], items.first[k + 1]):
            if items.due[i] < since:
                continue
            old = _earlier(items, items.first[k], i, -(2**30), items.due[i] - _EMBARGO, delays, past, 0)
            if old < _KNOWN:
                old = _earlier(items, items.first[k], i, items.due[i] - _EMBARGO, 2**30, delays, past, old)
            if old < LEAST:
                continue
            past.scored[i], past.earlier[i] = True, old
            ordered = np.sort(delays[:old])
            past.median[i] = ordered[old // 2]
            past.spread[i] = ordered[(old * 3) // 4] - ordered[old // 4]


@inner
def _earlier(items: Any, low: Any, i: Any, after: Any, until: Any, delays: Any, past: Any, count: int) -> int:
    """Adds the latest decisions before i, due after one day and until another, paid and known by its due date."""
    for j in range(i - 1, low - 1, -1):
        if count >= _LAST or items.due[j] <= after:
            break
        if not items.paid[j] or items.seen[j] > items.due[i] or items.due[j] > until:
            continue
        delays[count] = items.late[j]
        count += 1
        past.more[i] += items.late[j] >= items.late[i] if items.paid[i] else items.known[j] > items.late[i]
    return count


@kernel
def _beside(first: Any, paid: Any, told: Any, kind: Any, beyond: Any, known: Any, own: Any, mine: Any) -> None:
    """What a decision's own payer has in the pool that it leans on: how many at least as late, how many."""
    for k in range(len(first) - 1):
        for i in range(first[k], first[k + 1]):
            for j in range(first[k], first[k + 1]):
                if told[j] and kind[j] == kind[i]:
                    mine[i] += 1
                    own[i] += max(-_FAR, min(_FAR, beyond[j] if paid[i] else known[j])) >= max(
                        -_FAR, min(_FAR, beyond[i])
                    )


@inner
def _won(rank: Any, paid: Any, alpha: Any, usual: Any, won: Any) -> float:
    """What a bet wins on one item; of an open one, on the average of all that can become of it."""
    if usual >= won:
        return 1.0
    if rank <= alpha:
        return float(won / usual)
    if paid:
        return float((1.0 - won) / (1.0 - usual))
    rest = (rank - alpha) / (1.0 - alpha)
    return float((won + rest * (1.0 - won)) / (usual + rest * (1.0 - usual)))


@kernel
def _bet(
    first: Any, due: Any, paid: Any, rank: Any, scored: Any, usual: Any, alpha: Any, won: Any, score: Any, since: Any
) -> None:
    bets = len(alpha)
    for k in range(len(first) - 1):
        have, begun = np.ones(bets), np.full(bets, -1)
        for i in range(first[k], first[k + 1]):
            if not scored[i]:
                continue
            for bet in range(bets):
                if have[bet] <= 1.0:
                    have[bet], begun[bet] = 1.0, i
                gain = _won(rank[i], paid[i], alpha[bet], usual[i, bet], won[bet])
                have[bet] = min(have[bet] * gain, 1e12)
        best = 0
        for bet in range(bets):
            if have[bet] > have[best]:
                best = bet
        score[k] = have.mean()
        since[k] = begun[best] if have[best] > 1.0 else -1


def slips(early: bool = True) -> pl.Expr:
    """Whether a payer slips for sure, or, with `early`, as far as its unpaid items say; on SLIP_SCHEMA."""
    score, waits = pl.col("slip_score"), pl.col("slip_waits")
    least = pl.when(pl.col("slip_open") > 0).then(EARLY).otherwise(EARLY_BROAD)
    soon = (score >= least) & waits.is_between(FROM_DAYS, TO_DAYS).fill_null(False)
    sure = score >= SURE
    of_habit = ((sure | soon) if early else sure) & (pl.col("slip_days") >= LEAST_DAYS)
    return of_habit.fill_null(False)


def untried() -> pl.Expr:
    """Whether an unpaid item is late that is rare among others, of a payer with hardly a payment and none as late."""
    few = (pl.col("slip_paid") < _KNOWN) & ~(pl.col("slip_usual") >= pl.col("slip_oldest")).fill_null(False)
    ripe = pl.col("slip_ripe").is_not_null() & (pl.col("slip_oldest") <= TO_DAYS)
    return (few & ripe & (pl.col("slip_rare") <= _QUARTER)).fill_null(False)


def creeps() -> pl.Expr:
    """Whether delays creep up, and an item of the newer ones is unpaid and late."""
    ripe = pl.col("slip_ripe").is_not_null() & (pl.col("slip_oldest") <= _CREEP_OLD)
    return ((pl.col("slip_creep") >= CREEPING) & ripe).fill_null(False)
