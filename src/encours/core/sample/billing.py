"""What is invoiced: documents with season and weekday, their numbers, parts and retentions, and credit notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample.cast import Cast
from encours.core.sample.draws import (
    Bools,
    Floats,
    Ints,
    Texts,
    as_days,
    generator,
    month_start,
    pick,
    round_half_even_cents,
    words_where,
    working,
    year_of,
)
from encours.core.sample.due import due_days

#: Sales of a month against the year's mean: August is closed, June and December are high.
SEASON = np.array([0.92, 0.96, 1.08, 1.02, 0.98, 1.14, 0.98, 0.62, 1.10, 1.12, 1.06, 1.02])
VAT_RATES = {"2000": 0.88, "1000": 0.06, "550": 0.06}
CREDIT_NOTE_SHARE = 0.068


@dataclass(frozen=True, eq=False)
class Documents:
    """Invoices and credit notes: one entry a document, in order of issue. Amounts in cents, credit notes positive."""

    customer: Ints
    issued: Ints
    number: Texts
    net: Ints
    vat: Ints
    vat_rate: Ints
    credits: Ints
    deducted: Bools
    order: Ints

    @property
    def total(self) -> Ints:
        """Net and VAT."""
        return np.asarray(self.net + self.vat)


@dataclass(frozen=True, eq=False)
class Items:
    """Due amounts: one entry an item, signed. `document` is the index of its document."""

    document: Ints
    customer: Ints
    issued: Ints
    due: Ints
    amount: Ints
    kind: Texts
    account: Texts
    part: Texts

    @property
    def size(self) -> int:
        """How many items."""
        return len(self.document)


def make_documents(cast: Cast, seed: int, first: int, last: int) -> Documents:
    """All invoices and credit notes issued between two day numbers."""
    rng = generator(seed, "invoices")
    customer, issued = _issue(rng, cast, first, last)
    net = _nets(rng, cast, customer)
    rate = pick(rng, VAT_RATES, cast.size).astype(np.int64)[customer]
    size = len(customer)
    noted = np.flatnonzero(rng.random(size) < CREDIT_NOTE_SHARE)
    noted_on = working(issued[noted] + rng.integers(3, 45, len(noted)))
    share = np.where(rng.random(len(noted)) < 0.18, 1.0, rng.uniform(0.04, 0.4, len(noted)))
    kept = noted_on <= last
    # Only who pays by transfer deducts a credit note by himself.
    payable = cast.method[cast.payer[customer]] == "transfer"
    noted, noted_on, share = noted[kept], noted_on[kept], share[kept]
    return _ordered(
        np.concatenate([customer, customer[noted]]),
        np.concatenate([issued, noted_on]),
        np.concatenate([net, np.maximum(100, round_half_even_cents(net[noted] * share))]),
        np.concatenate([rate, rate[noted]]),
        np.concatenate([np.full(size, -1), noted]),
        np.concatenate([np.zeros(size, dtype=bool), (rng.random(len(noted)) < 0.62) & payable[noted]]),
        rng,
    )


def _issue(rng: np.random.Generator, cast: Cast, first: int, last: int) -> tuple[Ints, Ints]:
    """customer and day of each invoice: Poisson by month and season, more of them at the month's end."""
    months = np.unique(month_start(np.arange(first, last + 1)))
    season = SEASON[as_days(months).astype("datetime64[M]").astype(np.int64) % 12]
    growth = 1 + 0.004 * np.arange(len(months))
    counts = rng.poisson(cast.rate[:, None] * (season * growth)[None, :])
    counts[(cast.joined_on[:, None] > months[None, :]) | (cast.failed_on[:, None] + 20 < months[None, :])] = 0
    customer = np.repeat(np.arange(cast.size), counts.sum(axis=1))
    month = np.repeat(np.tile(np.arange(len(months)), cast.size), counts.ravel())
    day = np.where(
        rng.random(len(customer)) < 0.3, rng.integers(24, 31, len(customer)), rng.integers(0, 31, len(customer))
    )
    start = months[month]
    length = np.append(months[1:], months[-1] + 31)[month] - start
    issued = working(start + np.minimum(day, length - 1), back=True)
    issued = np.where(issued < first, working(np.full_like(issued, first)), issued)
    kept = (issued <= last) & (issued < cast.failed_on[customer] + 10)
    return customer[kept], issued[kept]


def _nets(rng: np.random.Generator, cast: Cast, customer: Ints) -> Ints:
    """Net amounts: log-normal per customer; some customers buy at four recurring prices, some in whole tens."""
    size = len(customer)
    free = np.exp(rng.normal(cast.amount_mu[customer], cast.amount_sigma[customer]))
    prices = np.exp(rng.normal(cast.amount_mu[:, None], cast.amount_sigma[:, None], (cast.size, 4)))
    recurring = prices[customer, rng.integers(0, 4, size)]
    style = cast.amount_style[customer]
    value = np.where(style == "recurring", recurring, free)
    cents = round_half_even_cents(np.clip(value, 12.0, 400_000.0) * 100)
    # Whole tens are whole on the invoice's face, VAT included at the normal rate.
    tens = np.maximum(1, cents // 1200) * 1000 * 10 // 12
    return np.where(style == "round", tens, cents)


def _ordered(
    customer: Ints, issued: Ints, net: Ints, rate: Ints, noted: Ints, deducted: Bools, rng: np.random.Generator
) -> Documents:
    order = np.lexsort((np.arange(len(customer)), issued))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    of = noted[order]
    return Documents(
        customer=customer[order],
        issued=issued[order],
        number=_numbers(issued[order], of >= 0),
        net=net[order],
        vat=round_half_even_cents(net[order] * rate[order] / 10_000),
        vat_rate=rate[order],
        credits=np.where(of >= 0, place[of], -1),
        deducted=deducted[order],
        order=rng.integers(10_000, 99_999, len(order)),
    )


def _numbers(issued: Ints, notes: Bools) -> Texts:
    """FA26-001234 and AV26-000012: a series a kind, begun anew each year, without gaps (CGI ann. II 242 nonies A)."""
    years = year_of(issued) % 100
    key = years * 2 + notes
    serial = np.empty(len(issued), dtype=np.int64)
    for value in np.unique(key):
        rows = np.flatnonzero(key == value)
        serial[rows] = np.arange(1, len(rows) + 1)
    prefix = np.where(notes, "AV", "FA")
    return np.array([f"{p}{y:02d}-{s:06d}" for p, y, s in zip(prefix, years, serial, strict=True)], dtype=object)


def make_items(cast: Cast, docs: Documents, seed: int) -> Items:
    """The items of the documents: one, or two or three instalments, or the bill less a retention of 5 %."""
    rng = generator(seed, "items")
    invoice = docs.credits < 0
    parts = np.where(
        cast.instalments[docs.customer] & (rng.random(len(invoice)) < 0.5), rng.integers(2, 4, len(invoice)), 1
    )
    parts = np.where(invoice & (docs.total > 60_000), parts, 1)
    kept_back = cast.retains[docs.customer] & invoice & (parts == 1) & (docs.total > 100_000)
    parts = np.where(kept_back, 2, parts)
    document = np.repeat(np.arange(len(parts)), parts)
    nth = np.arange(len(document)) - np.repeat(np.cumsum(parts) - parts, parts)
    count = parts[document]
    retention = kept_back[document] & (nth == 1)
    issued = docs.issued[document]
    due = due_days(issued, cast.terms[docs.customer[document]])
    due = np.where(retention, issued + 365, due + np.where(kept_back[document], 0, nth * 30))
    due = np.where(invoice[document], due, issued)
    amount = _shares(docs.total[document], nth, count, kept_back[document])
    nth_text = words_where(kept_back[document], words_where(retention, "RG", None), (nth + 1).astype(str))
    part = words_where(count > 1, nth_text, None)
    return Items(
        document=document,
        customer=docs.customer[document],
        issued=issued,
        due=due,
        amount=np.where(invoice[document], amount, -amount),
        kind=np.where(retention, "retention", np.where(invoice[document], "invoice", "credit_note")).astype(object),
        account=np.where(retention, "411700", "411000").astype(object),
        part=part,
    )


def _shares(total: Ints, nth: Ints, count: Ints, kept_back: Bools) -> Ints:
    held = total * 5 // 100
    retained = np.where(nth == 1, held, total - held)
    equal = total // count
    instalment = np.where(nth == count - 1, total - equal * (count - 1), equal)
    return np.where(kept_back, retained, instalment)


def share_of(total: Ints, rate: Floats) -> Ints:
    """A part of an amount in whole cents."""
    return round_half_even_cents(total * rate)
