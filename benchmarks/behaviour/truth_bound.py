"""What the best detector could find in the sample company: the posterior under the generator's own law, day by day.

`benchmarks.behaviour.truth` says what the flags find. This says what can be found: for every payer the likelihood of
all that was observable by a day (items issued, money received, what is open) under each way in which the generator
lets a payer be steady, drift, be strained, slip suddenly, slip little by little, or stop (`WAYS` of them drawn from its
law), times the shares with which it draws them. Nothing is learnt, and nothing comes from later days: `leaks` replaces
all that happened after a day and asks for the same figures, to the bit.

`habit known`: the detector knows the delay, the spread and the run day the payer began with, also of who never paid
yet. `habit unknown`: it infers them from payments, as everybody must (draws from the law, half of them close to the
truth and weighed for that, so that they lie where the posterior does). Two ways to speak:
`standing`: an alert stands on every day on which the odds of a change are c or more;
`last look`: it is raised only on the last look that still counts, as an item is 20 days late, and only where most is
gained for a false alarm. No rule finds more in as many months; as a screen it would be odd, gone at the next look.
c is set on the judged company itself, so that false alarms are what is allowed: that flatters the bound.
"""

from __future__ import annotations

import math
import sys
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks.behaviour.truth import AHEAD_DAYS, LAST_DAY, OBVIOUS_DAYS, Company, obvious, sample, sample_options
from benchmarks.harness import Figure, arguments, report
from encours.core.base.kernel import inner, kernel, lean
from encours.core.sample import book as telling
from encours.core.sample.cast import HABITS
from encours.core.sample.draws import day_number, working
from encours.core.sample.intent import STRAIN_DAYS, UNPAID_SHARE, _run_day
from encours.core.sample.slips import HOW
from encours.core.sample.story import Story, tell
from encours.core.sample.truth import settled_on

#: Ways to change that are drawn of each kind; habits that are drawn of each payer where they are not known.
WAYS, DRAWN = 40, 16
ALLOWED = 0.05
_NEVER = 2**30
_STEADY, _DRIFTS, _STRAINED, _SUDDEN, _GRADUAL, _STOPS = range(6)
_PROMPT, _LATE, _RUN = range(3)
_RUN_DAYS = np.array([5, 10, 15, 20, 25, 31])
_RUN_SHARES = np.array([1, 1, 1, 1, 1, 3]) / 8
#: Steps of delays and spreads (days) at which the law is tabled, and of shares of items that are paid with a later one.
_STEP, _LOW, _HIGH = 0.25, -90.0, 290.0
_WAITING = np.array([0.0, 0.1, 0.25, 0.5])
_WAIT_DAYS = 7
#: The share of payments that no law foresees: advances, parts, mistakes; spread over so many days.
_ODD, _ODD_DAYS = 0.01, 200.0
#: Logs by which a habit and way may be behind the likeliest before it is left out.
_HOPELESS = 60.0
#: How likely what is left of a short payment, or of what we draw, stays open until it is obvious.
_REST = 0.8


class Ways(NamedTuple):
    """Ways to change: from day `on`, `days` later once `span` days have passed, `drift` days later a day since the
    first, nothing paid from `never`."""

    kind: Any
    on: Any
    days: Any
    span: Any
    never: Any
    drift: Any


class Seen(NamedTuple):
    """Items by payer: the day of the first money and of the last (far off: not yet). `tells`: 0 nothing of a habit
    (drawn by us, retained), 2 only while it is open (paid early for a discount), else 1."""

    first: Any
    issued: Any
    due: Any
    paid: Any
    settled: Any
    tells: Any


class Habits(NamedTuple):
    """By payer and draw: class, delay, place of the spread and run day in their tables, log of the weight."""

    kind: Any
    delay: Any
    spread: Any
    run: Any
    weight: Any


class Law(NamedTuple):
    """`reaches`: chance of a delay of at most so much, by place of share, spread and delay; `waits`: place of the share
    by payer; from day `begin` on the last working day before and until each day, and its run by run day."""

    reaches: Any
    waits: Any
    begin: int
    before: Any
    until: Any
    runs: Any


def ways(first: int, last: int, rng: np.random.Generator) -> Ways:
    """The steady way, then WAYS of each kind as `sample.slips` and `sample.cast` draw them."""
    kind = np.concatenate([[_STEADY], np.repeat([_DRIFTS, _STRAINED, _SUDDEN, _GRADUAL, _STOPS], WAYS)])
    size, length, months = len(kind), last - first, max(1, (last - first) // 30)
    slips = rng.integers(first + length // 2, last - 60, size)
    failed = first + rng.integers(int(length * 0.45), int(length * 0.97), size)
    on = np.select([kind == _STEADY, kind == _DRIFTS, kind == _STRAINED], [_NEVER, first, failed - STRAIN_DAYS], slips)
    days = np.select([kind == _SUDDEN, kind == _GRADUAL], [rng.uniform(15, 45, size), rng.uniform(25, 60, size)], 0.0)
    drift = np.select([kind == _DRIFTS, kind == _STRAINED], [rng.uniform(25, 55, size), rng.uniform(10, 25, size)], 0.0)
    span = np.where(kind == _GRADUAL, rng.integers(60, 181, size), 1).astype(np.float64)
    never = np.select([kind == _STRAINED, kind == _STOPS], [failed, on], _NEVER)
    return Ways(kind, on, days, span, never, drift / months / 30.0)


def priors(story: Story, slips: float) -> tuple[Any, Any]:
    """By customer: the share of each class of habit, and within a class that of each way of a kind to change."""
    cast = story.cast
    sent = np.isin(cast.method, ["transfer", "cheque"])
    classes, kinds = np.zeros((cast.size, 3)), np.zeros((cast.size, 3, 6))
    for n in range(cast.size):
        law = HABITS[cast.kind[n]]
        drifts, fails, slip = law.get("drifting", 0.0) * sent[n], law.get("insolvent", 0.0), slips * sent[n]
        prompt = law["prompt"] + drifts + fails
        classes[n] = prompt, law["late"], law.get("run", 0.0)
        for of, steady in ((_PROMPT, law["prompt"] / prompt), (_LATE, 1.0), (_RUN, 1.0)):
            kinds[n, of] = steady * (1 - slip), 0, 0, *(steady * slip * share for share in HOW.values())
        kinds[n, _PROMPT, _DRIFTS], kinds[n, _PROMPT, _STRAINED] = drifts / prompt, fails / prompt
    kinds[:, :, _DRIFTS:] /= WAYS
    return classes, kinds


def seen(story: Story) -> Seen:
    """What can be observed of the positive items, by payer and due date."""
    items, money, cast = story.items, story.money, story.cast
    undone = np.zeros(money.size + 1, dtype=bool)
    undone[money.origin[money.kind == "return"]] = True
    cash = (money.cut_kind == "cash") & (money.receipt >= 0) & ~undone[money.receipt]
    paid = np.full(items.size, _NEVER)
    np.minimum.at(paid, money.item[cash], money.day[money.receipt[cash]])
    paid = np.where(paid < _NEVER, np.maximum(paid, items.issued), paid)
    payer = cast.payer[items.customer]
    tells = np.ones(items.size, dtype=np.int64)
    tells[money.item[money.cut_kind == "discount"]] = 2
    tells[~np.isin(cast.method[payer], ["transfer", "cheque"]) | (items.kind == "retention")] = 0
    settled = settled_on(story)
    rows = np.flatnonzero(items.amount > 0)
    rows = rows[np.lexsort((rows, items.due[rows], payer[rows]))]
    first = np.searchsorted(payer[rows], np.arange(cast.size + 1))
    return Seen(first, items.issued[rows], items.due[rows], paid[rows], np.minimum(settled[rows], _NEVER), tells[rows])


def law(story: Story) -> Law:
    """The tables of the generator's law that do not depend on the payer."""
    z = np.arange(_LOW, _HIGH, _STEP)
    normal = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in np.arange(-12.0, 12.0, 0.01)])
    extra = np.arange(0.0, 150.0, 0.01)
    lost = np.interp((np.arange(40) + 0.5) / 40, 1 - np.exp(-extra / 10) * (1 + extra / 10), extra)
    spreads = np.arange(0.0, 12.0, _STEP).clip(_STEP / 2)
    reaches = np.zeros((len(_WAITING), len(spreads), len(z)))
    for n, spread in enumerate(spreads):
        one = [normal[np.clip((z - by) / spread * 100 + 1200, 0, 2399).astype(np.int64)] for by in (0.0, *lost)]
        plain = 0.95 * one[0] + 0.05 * np.mean(one[1:], axis=0)
        wait = np.mean([np.interp(z - by, z, plain) for by in range(_WAIT_DAYS)], axis=0)
        reaches[:, n] = (1 - _WAITING)[:, None] * plain + _WAITING[:, None] * wait
    several = np.clip(0.06 + 0.055 * story.cast.rate, 0.06, 0.6)
    several = 5 * several / (1 + 4 * several) * (1 - np.exp(-story.cast.rate / 5))
    waits = np.abs(several[:, None] - _WAITING).argmin(axis=1)
    days = np.arange(story.first - 400, story.last + 1200)
    until = working(days, back=True)
    runs = np.stack([working(_run_day(days, np.full(len(days), run))) for run in _RUN_DAYS])
    return Law(reaches, waits, int(days[0]), working(days - 1, back=True), until, runs)


def known_habits(story: Story) -> Habits:
    """One draw: what each payer was like in truth before anything changed."""
    cast = story.cast
    kind = np.select([cast.habit == "late", cast.habit == "run"], [_LATE, _RUN], _PROMPT)
    spread, run = np.rint(cast.spread_days / _STEP).astype(np.int64), np.searchsorted(_RUN_DAYS, cast.run_day)
    return Habits(*(of[:, None] for of in (kind, cast.delay_days, spread, run, np.zeros(cast.size))))


def drawn_habits(story: Story, classes: Any, payments: Any, rng: np.random.Generator) -> Habits:
    """DRAWN habits of each payer: half from the law, half about the truth, each weighed by its law over its draw."""
    true = known_habits(story)
    size, half = story.cast.size, DRAWN // 2
    near = np.arange(DRAWN)[None, :] >= half
    cumulated = (classes / classes.sum(axis=1, keepdims=True)).cumsum(axis=1)
    kind = (rng.random((size, DRAWN))[:, :, None] > cumulated[:, None, :]).sum(axis=2).clip(0, 2)
    kind = np.where(near, true.kind, kind)
    at, wide = true.delay, 1.5 * np.maximum(story.cast.spread_days, 0.5)[:, None] / np.sqrt(1 + payments)[:, None]
    delay = np.where(kind == _LATE, 6 + rng.gamma(4.0, 6.0, kind.shape), rng.normal(0, 1.5, kind.shape))
    delay = np.where(near, at + wide * rng.normal(0, 1, kind.shape), delay)
    spread = np.where(kind == _LATE, rng.uniform(4, 10, kind.shape), rng.uniform(0.5, 3.0, kind.shape))
    run = np.where(near, true.run, rng.choice(6, kind.shape, p=_RUN_SHARES))
    late = np.maximum(delay - 6, 1e-9)
    gamma = late**3 * np.exp(-late / 6) / (6 * 6**4)
    normal = np.exp(-0.5 * (delay / 1.5) ** 2) / (1.5 * math.sqrt(2 * math.pi))
    prior = np.select([kind == _LATE, kind == _PROMPT], [np.where(delay > 6, gamma, 0.0), normal], _RUN_SHARES[run])
    prior *= np.take_along_axis(classes / classes.sum(axis=1, keepdims=True), kind, axis=1)
    local = np.exp(-0.5 * ((delay - at) / wide) ** 2) / (wide * math.sqrt(2 * math.pi))
    local = np.where(kind == true.kind, np.where(kind == _RUN, run == true.run, local), 0.0)
    with np.errstate(divide="ignore"):
        weight = np.log(prior) - np.log(0.5 * prior + 0.5 * local)
    return Habits(kind, np.where(kind == _RUN, 0.0, delay), np.rint(spread / _STEP).astype(np.int64), run, weight)


def odds(items: Seen, habits: Habits, kinds: Any, of: Ways, table: Law, first: int, looks: Any) -> tuple[Any, Any]:
    """By payer and look: the odds that its habit has changed; and of the items that are as late as still counts, the
    most that an alert would find for one of a steady payer (0: there is none)."""
    changed, gain = np.zeros((2, len(items.first) - 1, len(looks)))
    with np.errstate(divide="ignore"):
        _odds(items, habits, np.log(kinds), of, table, first, looks, changed, gain)
    return changed, gain


@lean
def _by(items: Any, i: int, of: Any, c: int, first: int) -> tuple[float, int]:
    """By how many days item i is later than the habit in way c: by drift and strain, and by the slip."""
    later = of.drift[c] * max(0, items.issued[i] - first)
    if of.kind[c] == _STRAINED:
        later += 0.4 * min(STRAIN_DAYS, max(0, items.due[i] - of.on[c]))
    slip = 0.0
    if of.days[c] > 0.0:
        slip = of.days[c] * min(1.0, max(0.0, (items.due[i] - of.on[c]) / of.span[c]))
    return later, int(slip)


@lean
def _reached(day: int, items: Any, i: int, habits: Any, k: int, b: int, table: Any, later: float, slip: int) -> float:
    """The chance that item i is paid by a day, had its payer no reason to pay nothing."""
    if day <= items.issued[i]:
        return 0.0
    if habits.kind[k, b] == _RUN:
        run = table.runs[habits.run[k, b], items.due[i] - 3 + slip - table.begin]
        return 1.0 if run <= day else 0.0
    z = day - items.due[i] + 0.5 - habits.delay[k, b] - later - slip
    place = int((z - _LOW) / _STEP)
    if place < 0:
        return 0.0
    shape = table.reaches.shape[2]
    return float(table.reaches[table.waits[k], habits.spread[k, b], min(place, shape - 1)])


@lean
def _paid(items: Any, i: int, habits: Any, k: int, b: int, of: Any, c: int, table: Any, first: int) -> float:
    """The chance that item i is paid on the very day it was."""
    if items.paid[i] >= of.never[c]:
        return 1e-5
    later, slip = _by(items, i, of, c, first)
    day = items.paid[i]
    on = _reached(day, items, i, habits, k, b, table, later, slip)
    before = _reached(table.before[day - table.begin], items, i, habits, k, b, table, later, slip)
    return (1 - _ODD) * max(0.0, on - before) + _ODD / _ODD_DAYS


@lean
def _open(day: int, items: Any, i: int, habits: Any, k: int, b: int, of: Any, c: int, table: Any, first: int) -> float:
    """The chance that item i is still open on a day."""
    day = table.until[min(day, of.never[c] - 1) - table.begin]
    later, slip = _by(items, i, of, c, first)
    reached = _reached(day, items, i, habits, k, b, table, later, slip)
    odd = min(1.0, max(0.0, (day - items.issued[i]) / _ODD_DAYS))
    return float(1 - (1 - UNPAID_SHARE) * ((1 - _ODD) * reached + _ODD * odd))


@inner
def _known(items: Any, k: int, look: int, before: int, habits: Any, of: Any, table: Any, first: int, told: Any) -> None:
    """Adds to `told` (logs, by habit and way) what was paid after one day and until another."""
    for i in range(items.first[k], items.first[k + 1]):
        if items.tells[i] != 1 or items.paid[i] > look or items.paid[i] <= before:
            continue
        least = told.max() - _HOPELESS
        for b in range(told.shape[0]):
            for c in range(told.shape[1]):
                if told[b, c] > least:
                    told[b, c] += math.log(_paid(items, i, habits, k, b, of, c, table, first))


@inner
def _waiting(items: Any, k: int, look: int, habits: Any, of: Any, table: Any, first: int, weight: Any) -> None:
    """Multiplies `weight` by the chance that what is open is still open."""
    for i in range(items.first[k], items.first[k + 1]):
        is_open = items.issued[i] <= look and items.paid[i] > look and items.settled[i] > look
        if not is_open or items.tells[i] == 0 or items.due[i] > look + 10:
            continue
        for b in range(weight.shape[0]):
            for c in range(weight.shape[1]):
                if weight[b, c] > 0.0:
                    weight[b, c] *= _open(look, items, i, habits, k, b, of, c, table, first)


@inner
def _gained(
    items: Any, i: int, since: int, k: int, look: int, habits: Any, of: Any, table: Any, first: int, weight: Any
) -> float:
    """The weight of the ways that changed by the due date of item i, after `since`, and leave it open until day 30."""
    total = 0.0
    for b in range(weight.shape[0]):
        for c in range(1, weight.shape[1]):
            if weight[b, c] <= 0.0 or of.on[c] <= since or of.on[c] > items.due[i]:
                continue
            stays = _REST
            if items.tells[i] > 0 and items.paid[i] > look:
                now = _open(look, items, i, habits, k, b, of, c, table, first)
                stays = _open(items.due[i] + OBVIOUS_DAYS - 1, items, i, habits, k, b, of, c, table, first) / now
            total += weight[b, c] * stays
    return total


@kernel
def _odds(
    items: Any, habits: Any, kinds: Any, of: Any, table: Any, first: int, looks: Any, changed: Any, gain: Any
) -> None:
    draws, ways_ = habits.kind.shape[1], len(of.kind)
    every, latest = looks[1] - looks[0], OBVIOUS_DAYS - AHEAD_DAYS
    for k in range(len(items.first) - 1):
        told = np.zeros((draws, ways_))
        for b in range(draws):
            for c in range(ways_):
                told[b, c] = habits.weight[k, b] + kinds[k, habits.kind[k, b], of.kind[c]]
        before = -_NEVER
        for n in range(len(looks)):
            look = looks[n]
            _known(items, k, look, before, habits, of, table, first, told)
            before = look
            weight = np.exp(told - told.max())
            _waiting(items, k, look, habits, of, table, first, weight)
            steady = max(weight[:, 0].sum(), 1e-300)
            for c in range(1, ways_):
                if of.on[c] <= look:
                    changed[k, n] += weight[:, c].sum() / steady
            since = -_NEVER
            for i in range(items.first[k], items.first[k + 1]):
                late = look - items.due[i]
                if late > latest and items.settled[i] > min(look, items.due[i] + OBVIOUS_DAYS - 1):
                    since = max(since, items.due[i])
            for i in range(items.first[k], items.first[k + 1]):
                late = look - items.due[i]
                if latest - every < late <= latest and items.settled[i] > look and items.issued[i] <= look:
                    found = _gained(items, i, since, k, look, habits, of, table, first, weight)
                    gain[k, n] = max(gain[k, n], found / steady)


class Judge:
    """Found and false alarms of odds above a bound, as `benchmarks.behaviour.truth` counts them."""

    def __init__(self, company: Company, ids: list[str], looks: list[Any]) -> None:
        place = {name: n for n, name in enumerate(ids)}
        truth = obvious(company, looks[-1]).filter(pl.col("obvious_on") > looks[0] + timedelta(days=AHEAD_DAYS))
        days = np.array(looks, dtype="datetime64[D]")
        until = truth["obvious_on"].to_numpy() - np.timedelta64(AHEAD_DAYS, "D")
        self.of = np.array([place[name] for name in truth["payer_id"]])
        self.room = (days[None, :] >= truth["from_on"].to_numpy()[:, None]) & (days[None, :] <= until[:, None])
        well = company.outcomes.select("payer_id").unique().join(company.changes, on="payer_id", how="anti")
        self.well = np.array([place[name] for name in well["payer_id"]])
        self.how = truth["how"].to_numpy()
        self.month = np.unique(days.astype("datetime64[M]"), return_inverse=True)[1]

    def __call__(self, odds: Any, bound: float) -> tuple[float, float, float]:
        """Shares: found, steady payers alerted on a day, in a month."""
        false = odds[self.well] >= bound
        months = np.stack([false[:, self.month == m].any(axis=1) for m in range(self.month.max() + 1)])
        return float(self.found(odds, bound).mean()), float(false.mean()), float(months.mean())

    def found(self, odds: Any, bound: float) -> Any:
        """By payer that became obvious: whether it was found."""
        return ((odds[self.of] >= bound) & self.room).any(axis=1)

    def bound(self, odds: Any, which: int) -> float:
        """The least bound with ALLOWED false alarms on a day (1) or in a month (2)."""
        low, high = -12.0, 24.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if self(odds, math.exp(middle))[which] <= ALLOWED else (middle, high)
        return math.exp(high)


def leaks(items: Seen, look: int, asked: Any) -> int:
    """Payers whose figures until a look change when all that happens after it is another: 0, or the bound cheats."""
    rng, size = np.random.default_rng(5), len(items.due)
    later = look + 1 + rng.integers(0, 400, size)
    issued = np.where(items.issued > look, np.maximum(items.issued, later), items.issued)
    other = items._replace(
        issued=issued,
        due=np.where(items.issued > look, items.due + rng.integers(0, 90, size), items.due),
        paid=np.where(items.paid > look, np.maximum(later, issued), items.paid),
        settled=np.where(items.settled > look, np.maximum(later, issued), items.settled),
        tells=np.where((items.tells == 2) & (items.paid > look), 1, items.tells),
    )
    pairs = zip(asked(items), asked(other), strict=True)
    return int(sum((one != two).any(axis=1).sum() for one, two in pairs))


def main(argv: list[str] | None = None) -> int:
    """The bound on the sample company, over the year that `benchmarks.behaviour.truth` looks at."""
    call = arguments("The most that can be found of who slips or fails", argv, options={
        "--seed": {"type": int, "default": 1, "help": "another seed, another company"},
        "--every": {"type": int, "default": 4, "help": "days from one look to the next"},
    })  # fmt: skip
    customers, seed = call.scaled(1_500), call.extra["seed"]
    looks = [LAST_DAY - timedelta(days=back) for back in range(364, -1, -call.extra["every"])]
    numbers = np.array([day_number(day) for day in looks])
    options = sample_options(customers, seed)
    company = sample(customers, seed)
    story = tell(options, company.book.entities["entity_id"][0])
    items, table, rng = seen(story), law(story), np.random.default_rng(1)
    classes, kinds = priors(story, options.slips)
    of = ways(story.first, story.last, rng)
    judge = Judge(company, telling.customer_ids(story).to_list(), looks)
    figures = [Figure("payers made to slip or fail, an item 30 days late", len(judge.of))]
    for name, habits in (
        ("habit known", known_habits(story)),
        ("habit unknown", drawn_habits(story, classes, np.diff(items.first), rng)),
    ):
        asked = partial(odds, habits=habits, kinds=kinds, of=of, table=table, first=story.first)
        figures += _figures(name, judge, *asked(items, looks=numbers))
        half = numbers[: len(numbers) // 2]
        cheats = leaks(items, int(half[-1]), partial(asked, looks=half))
        figures.append(Figure(f"{name}: payers of whom later days were read", cheats, at_most=0))
    return report(call, figures)


def _figures(name: str, judge: Judge, changed: Any, gain: Any) -> list[Figure]:
    """What is found at the false alarms that are allowed, by how it is spoken and by how they are counted."""
    figures = []
    for way, one in (("standing", changed), ("last look", gain)):
        for which, over in ((1, "a day"), (2, "a month")):
            bound = judge.bound(one, which)
            found, day, month = judge(one, bound)
            said, hit = f"{name}, {way}, 5 % {over}", judge.found(one, bound)
            figures.append(Figure(f"{said}: found", 100 * found, "%"))
            figures.append(Figure(f"{said}: steady on a day, in a month", f"{100 * day:.1f}, {100 * month:.1f}", "%"))
            kinds = (f"{how} {100 * hit[judge.how == how].mean():.0f}" for how in sorted(set(judge.how)))
            figures.append(Figure(f"{said}: by kind", ", ".join(kinds), "%"))
    return figures


if __name__ == "__main__":
    sys.exit(main())
