"""What follows a difference: credit notes set off, disputes opened and settled, losses of failed customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample.billing import Documents, Items
from encours.core.sample.cast import Cast
from encours.core.sample.draws import Ints, Texts, generator, pick, round_half_even_cents, working, year_of
from encours.core.sample.money import Money, add_receipts, allocate

REASONS = {
    "price": 0.36,
    "quantity": 0.27,
    "duplicate": 0.08,
    "no_purchase_order": 0.10,
    "quality": 0.12,
    "delivery": 0.07,
}
OUTCOMES = {"credit_note": 0.55, "paid": 0.15, "written_off": 0.10, "open": 0.20}
OWNERS = {"price": "sales", "quantity": "logistics", "duplicate": "billing", "no_purchase_order": "sales_admin"}
WRITE_OFF_DAYS = 210
DOUBTFUL_DAYS = 15


@dataclass(frozen=True, eq=False)
class SetOff:
    """Credit notes set against their own invoice: item, note (item index), amount, day; and what stays payable."""

    payable: Ints
    item: Ints
    note: Ints
    amount: Ints
    day: Ints


@dataclass(frozen=True, eq=False)
class Quarrels:
    """Disputes of short payments: one entry each; `closed` 0 where it is open."""

    item: Ints
    amount: Ints
    reason: Texts
    opened: Ints
    closed: Ints
    outcome: Texts


def set_off(docs: Documents, items: Items) -> SetOff:
    """Credit notes that the payer does not deduct are set against the first item of their invoice."""
    note = np.flatnonzero((items.kind == "credit_note") & ~docs.deducted[items.document])
    item = np.searchsorted(items.document, docs.credits[items.document[note]])
    amount = np.minimum(-items.amount[note], items.amount[item])
    payable = items.amount.copy()
    payable[item] -= amount
    return SetOff(payable, item, note, amount, items.issued[note])


def quarrel(
    docs: Documents, items: Items, money: Money, seed: int, last: int
) -> tuple[Documents, Items, Money, Quarrels]:
    """Disputes of what was not paid, and how they end: a credit note, the rest of the money, a loss, or not yet."""
    rng = generator(seed, "disputes")
    rows = np.flatnonzero((money.gap > 0) & (money.day <= last))
    item, gap = money.gap_item[rows], money.gap[rows]
    opened = money.day[rows] + rng.integers(0, 6, len(rows))
    opened = np.minimum(opened, last)
    closed = working(opened + 8 + rng.gamma(3.0, 11.0, len(rows)).astype(np.int64))
    outcome = pick(rng, OUTCOMES, len(rows))
    outcome[closed > last] = "open"
    closed = np.where(outcome == "open", 0, closed)
    noted = np.flatnonzero(outcome == "credit_note")
    docs, items, note = _settlement_notes(docs, items, item[noted], gap[noted], closed[noted])
    none = np.full(len(noted), -1)
    money = allocate(
        money, none, item[noted], note, gap[noted], np.full(len(noted), "credit", dtype=object), closed[noted]
    )
    paid = np.flatnonzero(outcome == "paid")
    transfer = np.full(len(paid), "transfer", dtype=object)
    payer = money.payer[rows[paid]]
    money = add_receipts(money, payer, closed[paid], gap[paid], transfer, "partial", np.full(len(paid), -1), item[paid])
    lost = np.flatnonzero(outcome == "written_off")
    none, loss = np.full(len(lost), -1), np.full(len(lost), "write_off", dtype=object)
    money = allocate(money, none, item[lost], none, gap[lost], loss, closed[lost])
    return docs, items, money, Quarrels(item, gap, pick(rng, REASONS, len(rows)), opened, closed, outcome)


def _settlement_notes(docs: Documents, items: Items, item: Ints, gap: Ints, day: Ints) -> tuple[Documents, Items, Ints]:
    """Credit notes that end a dispute, in a series of their own (AC)."""
    order = np.lexsort((item, day))
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    item_, gap_, day_ = item[order], gap[order], day[order]
    years = year_of(day_) % 100
    serial = np.arange(len(order)) - np.searchsorted(years, years) + 1
    number = np.array([f"AC{y:02d}-{s:06d}" for y, s in zip(years, serial, strict=True)], dtype=object)
    of = items.document[item_]
    net = round_half_even_cents(gap_ / (1 + docs.vat_rate[of] / 10_000))
    first = len(docs.customer)
    more = Documents(
        customer=np.concatenate([docs.customer, docs.customer[of]]),
        issued=np.concatenate([docs.issued, day_]),
        number=np.concatenate([docs.number, number]),
        net=np.concatenate([docs.net, net]),
        vat=np.concatenate([docs.vat, gap_ - net]),
        vat_rate=np.concatenate([docs.vat_rate, docs.vat_rate[of]]),
        credits=np.concatenate([docs.credits, of]),
        deducted=np.concatenate([docs.deducted, np.zeros(len(of), dtype=bool)]),
        order=np.concatenate([docs.order, docs.order[of]]),
    )
    grown = Items(
        document=np.concatenate([items.document, first + np.arange(len(of))]),
        customer=np.concatenate([items.customer, docs.customer[of]]),
        issued=np.concatenate([items.issued, day_]),
        due=np.concatenate([items.due, day_]),
        amount=np.concatenate([items.amount, -gap_]),
        kind=np.concatenate([items.kind, np.full(len(of), "credit_note", dtype=object)]),
        account=np.concatenate([items.account, np.full(len(of), "411000", dtype=object)]),
        part=np.concatenate([items.part, np.full(len(of), None, dtype=object)]),
    )
    return more, grown, items.size + back


def write_off(cast: Cast, items: Items, money: Money, seed: int, last: int) -> Money:
    """Half of the failed customers' debts are written off seven months after the judgment."""
    rng = generator(seed, "losses")
    lost = rng.random(cast.size) < 0.5
    day = working(cast.failed_on + WRITE_OFF_DAYS)
    settled = np.bincount(money.item, money.cut, items.size).astype(np.int64)
    given = money.credit_item >= 0
    settled -= np.bincount(money.credit_item[given], money.cut[given], items.size).astype(np.int64)
    settled -= _returned(money, items)
    rest = items.amount - settled
    owner = cast.payer[items.customer]
    rows = np.flatnonzero((rest > 0) & lost[owner] & (day[owner] <= last) & (items.issued < day[owner]))
    none, kind = np.full(len(rows), -1), np.full(len(rows), "write_off", dtype=object)
    return allocate(money, none, rows, none, rest[rows], kind, day[owner[rows]])


def _returned(money: Money, items: Items) -> Ints:
    """What returned payments had settled, by item."""
    undone = np.zeros(money.size, dtype=bool)
    undone[money.origin[money.kind == "return"]] = True
    rows = np.flatnonzero((money.receipt >= 0) & undone[money.receipt])
    return np.bincount(money.item[rows], money.cut[rows], items.size).astype(np.int64)
