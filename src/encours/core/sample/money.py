"""Receipts and their true allocations: what the bank receives for each batch, and everything that differs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from encours.core.sample.batches import Batches
from encours.core.sample.billing import Items
from encours.core.sample.cast import Cast
from encours.core.sample.draws import Ints, Texts, generator, pick, round_half_even_cents, working
from encours.core.sample.intent import DISCOUNT_RATE, NEVER, Intent

#: Share of transfers and cheques that bear each difference; partial payments and advances are of single invoices.
DIFFERENCES = {"short": 0.032, "rounding": 0.0155, "bank_charge": 0.0155, "overpayment": 0.0103}
SINGLE_DIFFERENCES = {"partial": 0.038, "advance": 0.031}
DUPLICATE_SHARE = 0.0103
FOREIGN_TO_AR_SHARE = 0.0185


@dataclass(frozen=True, eq=False)
class Money:
    """Receipts, one entry each, and allocations, one entry each; `receipt` −1 is an allocation without money.

    `origin` of a receipt is the one it returns or repeats (−1: none). `gap` of `gap_item` is
    what a short payment disputes (0: nothing).
    """

    payer: Ints
    day: Ints
    amount: Ints
    kind: Texts
    pattern: Texts
    origin: Ints
    gap: Ints
    gap_item: Ints
    receipt: Ints
    item: Ints
    credit_item: Ints
    cut: Ints
    cut_kind: Texts
    cut_day: Ints

    @property
    def size(self) -> int:
        """How many receipts."""
        return len(self.payer)


def receive(cast: Cast, items: Items, intent: Intent, made: Batches, seed: int, first: int) -> Money:
    """The receipts of all batches, in order of booking, and their allocations."""
    rng = generator(seed, "money")
    count = len(made.payer)
    pattern = _patterns(rng, cast, items, made)
    total = np.bincount(made.batch, made.amount, count).astype(np.int64)
    last_row = _largest_row(made, count)
    rows = [_cash(made)]
    cash = made.amount.copy()
    received = total.copy()
    for name, taken in (
        ("short", round_half_even_cents(made.amount[last_row] * rng.uniform(0.01, 0.25, count))),
        ("rounding", rng.integers(1, 100, count)),
        ("bank_charge", rng.integers(5, 36, count) * 100),
    ):
        hit = (pattern == name) & (made.amount[last_row] > 3 * taken) & (taken > 0)
        pattern[(pattern == name) & ~hit] = "plain"
        cash[last_row[hit]] -= taken[hit]
        received[hit] -= taken[hit]
        word = {"rounding": "write_off", "bank_charge": "charge"}.get(name)
        if word:
            rows.append(
                (np.flatnonzero(hit), made.item[last_row[hit]], taken[hit], np.full(hit.sum(), word, dtype=object))
            )
    hit = np.flatnonzero((made.discounted[made.batch] == 1) & (made.amount > 0))
    off = round_half_even_cents(made.amount[hit] * DISCOUNT_RATE)
    cash[hit] -= off
    np.subtract.at(received, made.batch[hit], off)
    rows.append((made.batch[hit], made.item[hit], off, np.full(len(hit), "discount", dtype=object)))
    rows[0] = (made.batch, made.item, cash, np.full(len(cash), "cash", dtype=object))
    over = pattern == "overpayment"
    received[over] += np.maximum(1, round_half_even_cents(received[over] * rng.uniform(0.01, 0.30, over.sum())))
    day = made.day.copy()
    # What a returned debit or draft left open cannot have been paid before it was invoiced.
    again = np.zeros(count, dtype=bool)
    again[made.batch[intent.bounced_on[made.item] < NEVER]] = True
    pattern[again & (pattern == "advance")] = "plain"
    early = pattern == "advance"
    ahead = items.issued[made.item[last_row[early]]] - rng.integers(4, 30, early.sum())
    day[early] = working(np.maximum(ahead, first))
    receipt, item, cut, kind = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    money = Money(
        payer=made.payer,
        day=day,
        amount=received,
        kind=_kinds(made.method),
        pattern=pattern,
        origin=np.full(count, -1),
        gap=np.where(pattern == "short", made.amount[last_row] - cash[last_row], 0),
        gap_item=made.item[last_row],
        receipt=receipt,
        item=item,
        credit_item=np.full(len(item), -1),
        cut=cut,
        cut_kind=kind,
        cut_day=np.maximum(day[receipt], items.issued[item]),
    )
    money = _split_partials(rng, money)
    money = _add_bounces(cast, items, intent, money)
    return _add_strangers(rng, money)


def _cash(made: Batches) -> tuple[Ints, Ints, Ints, Texts]:
    return made.batch, made.item, made.amount, np.full(len(made.item), "cash", dtype=object)


def _largest_row(made: Batches, count: int) -> Ints:
    """The row of each batch's largest item: the one that bears a difference."""
    order = np.lexsort((made.amount, made.batch))
    last = np.searchsorted(made.batch[order], np.arange(count), side="right") - 1
    return order[last]


def _kinds(method: Texts) -> Texts:
    return np.where(method == "lcr", "draft", method).astype(object)


def _patterns(rng: np.random.Generator, cast: Cast, items: Items, made: Batches) -> Texts:
    """What is particular about each batch, `plain` where nothing is."""
    count = len(made.payer)
    free = np.isin(made.method, ["transfer", "cheque"]) & (made.discounted == 0)
    single = (made.count == 1) & (made.notes == 0)
    weights = {"plain": 1 - sum(DIFFERENCES.values()), **DIFFERENCES}
    drawn = pick(rng, weights, count)
    weights = {"plain": 1 - sum(SINGLE_DIFFERENCES.values()), **SINGLE_DIFFERENCES}
    other = pick(rng, weights, count)
    drawn = np.where((drawn == "plain") & single, other, drawn)
    drawn = np.where(free, drawn, "plain").astype(object)
    drawn[made.discounted == 1] = "discount"
    return drawn


def _split_partials(rng: np.random.Generator, money: Money) -> Money:
    """Partial payments: the first receipt pays a part, one or two more the rest, a month apart."""
    rows = np.flatnonzero((money.pattern[money.receipt] == "partial") & (money.cut > 5_000))
    money.pattern[(money.pattern == "partial") & ~np.isin(np.arange(money.size), money.receipt[rows])] = "plain"
    parts = rng.integers(2, 4, len(rows))
    first = (money.cut[rows] // (parts * 100) * 100).astype(np.int64)
    cut, amount = money.cut.copy(), money.amount.copy()
    payer, day, value, item, old = [], [], [], [], []
    for nth in (1, 2):
        more = nth < parts
        last = nth == parts - 1
        rest = money.cut[rows] - first * (parts - 1)
        payer.append(money.payer[money.receipt[rows[more]]])
        day.append(working(money.day[money.receipt[rows[more]]] + 30 * nth))
        value.append(np.where(last, rest, first)[more])
        item.append(money.item[rows[more]])
        old.append(money.receipt[rows[more]])
    cut[rows] = first
    amount[money.receipt[rows]] = first
    base = replace(money, cut=cut, amount=amount)
    flat = [np.concatenate(part) for part in (payer, day, value, item, old)]
    kind = money.kind[flat[4]]
    return add_receipts(base, flat[0], flat[1], flat[2], kind, "partial", np.full(len(flat[0]), -1), flat[3])


def add_receipts(
    money: Money,
    payer: Ints,
    day: Ints,
    amount: Ints,
    kind: Texts,
    pattern: str,
    origin: Ints,
    item: Ints | None = None,
) -> Money:
    """More receipts; with `item`, each is allocated whole to one item."""
    extra = len(payer)
    grown = replace(
        money,
        payer=np.concatenate([money.payer, payer]),
        day=np.concatenate([money.day, day]),
        amount=np.concatenate([money.amount, amount]),
        kind=np.concatenate([money.kind, kind]),
        pattern=np.concatenate([money.pattern, np.full(extra, pattern, dtype=object)]),
        origin=np.concatenate([money.origin, origin]),
        gap=np.concatenate([money.gap, np.zeros(extra, dtype=np.int64)]),
        gap_item=np.concatenate([money.gap_item, np.full(extra, -1)]),
    )
    if item is None:
        return grown
    receipt = money.size + np.arange(extra)
    return allocate(grown, receipt, item, np.full(extra, -1), amount, np.full(extra, "cash", dtype=object), day)


def allocate(money: Money, receipt: Ints, item: Ints, credit: Ints, cut: Ints, kind: Texts, day: Ints) -> Money:
    """More allocations."""
    return replace(
        money,
        receipt=np.concatenate([money.receipt, receipt]),
        item=np.concatenate([money.item, item]),
        credit_item=np.concatenate([money.credit_item, credit]),
        cut=np.concatenate([money.cut, cut]),
        cut_kind=np.concatenate([money.cut_kind, kind]),
        cut_day=np.concatenate([money.cut_day, day]),
    )


def _add_bounces(cast: Cast, items: Items, intent: Intent, money: Money) -> Money:
    """Direct debits that came back: the money in, and the same money out again."""
    item = np.flatnonzero((intent.bounced_on < NEVER) & (cast.method[cast.payer[items.customer]] == "direct_debit"))
    payer, none = cast.payer[items.customer[item]], np.full(len(item), -1)
    amount = intent.payable[item]
    debit = np.full(len(item), "direct_debit", dtype=object)
    first = money.size
    money = add_receipts(money, payer, intent.first_day[item], amount, debit, "returned", none, item)
    back = np.full(len(item), "return", dtype=object)
    return add_receipts(money, payer, intent.bounced_on[item], -amount, back, "return", first + np.arange(len(item)))


def _add_strangers(rng: np.random.Generator, money: Money) -> Money:
    """Payments made twice, some of them sent back, and money of no customer (VAT refund, interest, own transfer)."""
    free = np.flatnonzero(np.isin(money.kind, ["transfer"]) & (money.amount > 0))
    twice = free[rng.random(len(free)) < DUPLICATE_SHARE]
    # A repeat dated before its original would make the truth meaningless.
    day = working(money.day[twice] + rng.integers(1, 40, len(twice)))
    first = money.size
    money = add_receipts(money, money.payer[twice], day, money.amount[twice], money.kind[twice], "duplicate", twice)
    repaid = np.flatnonzero(rng.random(len(twice)) < 0.8)
    refunded = working(day[repaid] + rng.integers(15, 60, len(repaid)))
    out = np.full(len(repaid), "out", dtype=object)
    money = add_receipts(
        money, money.payer[twice[repaid]], refunded, -money.amount[twice[repaid]], out, "refund", first + repaid
    )
    number = int(len(free) * FOREIGN_TO_AR_SHARE)
    days = money.day[rng.choice(free, number)] if number else np.zeros(0, dtype=np.int64)
    amount = round_half_even_cents(np.exp(rng.normal(np.log(250_000), 1.2, number)))
    stranger = np.full(number, "other", dtype=object)
    return add_receipts(money, np.full(number, -1), days, amount, stranger, "not_ar", np.full(number, -1))
