"""Which receipt comes when, from whom, in which pattern, and how many items it pays: arrays, one place a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.matching.cast import Cast
from benchmarks.matching.draws import Bools, Draws, Ints
from benchmarks.matching.profile import EXTRAS, PATTERNS, Profile

NAMES = (*PATTERNS, *EXTRAS)
CODE = {name: place for place, name in enumerate(NAMES)}
START = date(2025, 1, 1)
#: Days in which payments come: seventeen months as a stream; four for the dates of the items of a stock.
DAYS = {"stream": 517, "stock": 120}
_WARM_UP = 30
_LAG = 45  # the second part of an instalment, a duplicate and a return come within so many days
#: One credit for items of many customers: the text names only the batch.
MANY_CUSTOMERS = ("card_payout", "lcr_batch", "factor_batch")
#: Patterns that a customer who always pays what is due does not fall into: his account would never be clear.
_LEAVES_OPEN = (
    "partial", "dispute", "retention", "rebate", "logistics_penalty", "debit_return", "cheque_return",
)  # fmt: skip
_BRINGS_NO_ITEM = ("advance", "not_ar", "duplicate", "debit_return", "cheque_return")
#: Payments that come back. The bank names the payment of a direct debit; a cheque's return says its number, or nothing.
RETURNS = ("debit_return", "cheque_return")


@dataclass
class Plan:
    """`payer`: place in the cast (−1: nobody's). `entity`: whose bank the money came to. `earlier`: the receipt that a
    duplicate repeats, a return takes back, a second instalment completes, whose advice covers this one, too, or whose
    advance is deducted (−1: none). `invoices` and `notes`: how many new items the receipt brings. `gap`: days back to
    the customer's last balance."""

    mode: str
    pattern: Ints
    payer: Ints
    entity: Ints
    day: Ints
    booked: Ints
    earlier: Ints
    invoices: Ints
    notes: Ints
    gap: Ints

    def rows(self, *names: str) -> Ints:
        """Places of the receipts in these patterns."""
        return np.flatnonzero(self.among(*names)).astype(np.int64)

    def among(self, *names: str) -> Bools:
        """Whether each receipt is in one of these patterns."""
        found: Bools = np.isin(self.pattern, [CODE[name] for name in names])
        return found

    @property
    def count(self) -> int:
        """How many receipts."""
        return len(self.pattern)


def make_plan(profile: Profile, cast: Cast, receipts: int, mode: str, seed: int) -> Plan:
    """The receipts of a book, without their items yet."""
    draws = Draws(seed, "plan")
    pattern = draws.dealt([profile.patterns.get(name, 0.0) for name in NAMES], receipts)
    none = np.full(receipts, -1)
    zero = np.zeros(receipts, dtype=np.int64)
    day = draws.between(_WARM_UP, DAYS[mode] - 1, receipts)
    plan = Plan(mode, pattern, none.copy(), zero.copy(), day, zero, none.copy(), zero.copy(), zero.copy(), zero.copy())
    _payers(plan, cast, draws)
    _balance_days(plan, draws)
    _second_parts(plan, draws)
    _shared_advices(plan, draws)
    _repeats(plan, draws, "duplicate", ("one", "many", "credit_notes", "discount"), 2)
    _repeats(plan, draws, "debit_return", ("one",), 2)
    if len(plan.rows("cheque_return")):  # an unused pattern draws nothing: the published mixes stay as they are
        _repeats(plan, draws, "cheque_return", ("one",), 2)
    _deducted_advances(plan, seed)
    nobody = plan.payer < 0
    plan.entity = np.where(
        nobody, draws.below(profile.entities, receipts), _payer_entity(cast)[np.maximum(plan.payer, 0)]
    )
    if profile.entities > 1:  # money that came to the bank of the other entity
        plan.entity = np.where(plan.among("other_entity"), 1 - plan.entity, plan.entity)
    _sizes(plan, profile, draws)
    plan.booked = plan.day if mode == "stream" else _stock_days(plan, draws)
    return plan


def _payer_entity(cast: Cast) -> Ints:
    treasuries = cast.first_member[cast.count :]
    return np.concatenate([cast.entity, cast.entity[treasuries]])


def _payers(plan: Plan, cast: Cast, draws: Draws) -> None:
    payers = np.arange(len(cast.first_member))
    customer = payers < cast.count
    ordinary = payers[: cast.count][~cast.public]
    steady = ordinary[~cast.pays_due[ordinary]]
    clearing = ordinary[cast.pays_due[ordinary]]
    clearing = clearing if len(clearing) else ordinary[:1]
    pools = {
        "parent": payers[customer & (cast.members > 0)],
        "treasury": payers[~customer],
        **dict.fromkeys(_LEAVES_OPEN, steady),
    }
    for name, code in CODE.items():
        rows = np.flatnonzero(plan.pattern == code)
        if name == "not_ar" or name in MANY_CUSTOMERS:
            continue
        if name == "balance":
            # In turn: the dates of one customer's balances must stay apart.
            plan.payer[rows] = np.resize(draws.shuffled(clearing), len(rows))
        elif name == "treasury":
            plan.payer[rows] = pools[name][draws.below(len(pools[name]), len(rows))]
        elif len(rows):
            pool = pools.get(name, ordinary)
            plan.payer[rows] = pool[draws.weighted(cast.weight[pool], len(rows))]


def _balance_days(plan: Plan, draws: Draws) -> None:
    """A customer's balances at even distances, so that each finds the account clear of what was due before."""
    rows = plan.rows("balance")
    if not len(rows):
        return
    order = np.argsort(plan.payer[rows], kind="stable")
    rows, payer = rows[order], plan.payer[rows][order]
    first = np.concatenate([[True], payer[1:] != payer[:-1]])
    starts = np.flatnonzero(first)
    times = np.diff(np.append(starts, len(rows)))
    turn = np.arange(len(rows)) - np.repeat(starts, times)
    span = (DAYS[plan.mode] - _WARM_UP) // np.repeat(times, times)
    jitter = draws.below(np.maximum(span // 3, 1), len(rows))
    plan.day[rows] = _WARM_UP + turn * span + 2 * span // 3 + jitter
    # Days since the customer's balance before, at most a month: what fell due in them is what is paid.
    before = np.where(first, plan.day[rows] - 30, np.roll(plan.day[rows], 1))
    plan.gap[rows] = np.clip(plan.day[rows] - before, 1, 30)


def _second_parts(plan: Plan, draws: Draws) -> None:
    """A third of the partial payments complete another third; the items of the last third stay open in part."""
    rows = draws.shuffled(plan.rows("partial"))
    third = len(rows) // 3
    first, second = rows[:third], rows[third : 2 * third]
    plan.day[first] = np.minimum(plan.day[first], DAYS[plan.mode] - 1 - _LAG)
    plan.day[second] = plan.day[first] + draws.between(7, _LAG, third)
    plan.payer[second], plan.earlier[second] = plan.payer[first], first


def _shared_advices(plan: Plan, draws: Draws) -> None:
    """Two receipts a remittance advice, of one payer and within three days; `earlier` ties the second to the first."""
    rows = draws.shuffled(plan.rows("shared_advice"))
    half = len(rows) // 2
    first, second = rows[:half], rows[half : 2 * half]
    plan.day[first] = np.minimum(plan.day[first], DAYS[plan.mode] - 4)
    plan.day[second] = plan.day[first] + draws.between(0, 3, half)
    plan.payer[second], plan.earlier[second] = plan.payer[first], first


def _repeats(plan: Plan, draws: Draws, name: str, of: tuple[str, ...], least: int) -> None:
    """Duplicates and returns, always after what they repeat: dated before it, the truth would mean nothing."""
    rows = plan.rows(name)
    taken = np.zeros(plan.count, dtype=bool)
    taken[plan.earlier[plan.earlier >= 0]] = True
    may = plan.among(*of) & ~taken & (plan.day < DAYS[plan.mode] - 1 - least)
    originals = draws.shuffled(np.flatnonzero(may))[: len(rows)]
    if len(originals) < len(rows):
        raise ValueError(f"{len(rows)} receipts of pattern {name} find only {len(originals)} to repeat; take more")
    plan.earlier[rows] = originals
    latest = np.minimum(plan.day[originals] + _LAG, DAYS[plan.mode] - 1)
    plan.day[rows] = draws.between(plan.day[originals] + least, latest, len(rows))
    plan.payer[rows] = plan.payer[originals]


def _deducted_advances(plan: Plan, seed: int) -> None:
    """Who deducts an advance paid it before: one of the book's own, or, when these are used up, one of before it."""
    rows, advances = plan.rows("deducted_advance"), plan.rows("advance")
    early = advances[plan.day[advances] < DAYS[plan.mode] - 1 - 2]
    count = min(len(rows), len(early))
    if not count:
        return
    draws = Draws(seed, "advances")
    rows, of = rows[:count], draws.shuffled(early)[:count]
    plan.earlier[rows], plan.payer[rows] = of, plan.payer[of]
    latest = np.minimum(plan.day[of] + _LAG, DAYS[plan.mode] - 1)
    plan.day[rows] = draws.between(plan.day[of] + 2, latest, count)


def _stock_days(plan: Plan, draws: Draws) -> Ints:
    """All receipts come within ten days after the last item; what repeats another comes in the second half of them."""
    booked = DAYS["stock"] + draws.below(5, plan.count)
    return np.where(plan.earlier >= 0, booked + 5, booked)


def _sizes(plan: Plan, profile: Profile, draws: Draws) -> None:
    """How many invoices and credit notes each receipt brings, by its pattern."""
    count = plan.count
    bands = np.array(list(profile.many_sizes))
    band = bands[draws.dealt(list(profile.many_sizes.values()), count)]
    # The smaller of two draws: long lists are rarer within their band, too.
    many = np.minimum(draws.between(band[:, 0], band[:, 1], count), draws.between(band[:, 0], band[:, 1], count))
    few = 1 + draws.pick([0.75, 0.15, 0.10], count)
    plan.invoices = np.ones(count, dtype=np.int64)
    drawn = {
        "many": many,
        "credit_notes": draws.between(2, 6, count),
        "balance": draws.between(2, 12, count),
        "parent": draws.between(1, 5, count),
        "treasury": draws.between(2, 6, count),
        **dict.fromkeys(("discount", "rounding", "charge", "overpayment"), few),
        "shared_advice": draws.between(2, 5, count),
        **dict.fromkeys(MANY_CUSTOMERS, draws.between(5, 30, count)),
        **dict.fromkeys(_BRINGS_NO_ITEM, np.zeros(count, dtype=np.int64)),
    }
    for name, sizes in drawn.items():
        rows = plan.rows(name)
        plan.invoices[rows] = sizes[rows]
    completes = plan.rows("partial")
    plan.invoices[completes[plan.earlier[completes] >= 0]] = 0
    plan.notes[plan.rows("credit_notes")] = 1 + draws.pick([0.6, 0.25, 0.15], len(plan.rows("credit_notes")))
