"""The customers: who they are, on what terms they buy, how and when they pay, and what they write when they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encours.core.sample import identity
from encours.core.sample.draws import Bools, Floats, Ints, Texts, generator, pick, spread
from encours.core.sample.options import SampleOptions
from encours.core.sample.slips import Slips, slips

#: Shares of the kinds of customer.
KINDS = {"business": 0.84, "consumer": 0.12, "public": 0.04}
TERMS = {
    "business": {
        "45 jours fin de mois": 0.24,
        "fin de mois 45 jours": 0.10,
        "60 jours net": 0.18,
        "30 jours net": 0.26,
        "30 jours fin de mois": 0.12,
        "30 jours fin de mois le 10": 0.06,
        "comptant": 0.04,
    },
    "consumer": {"comptant": 0.4, "15 jours net": 0.6},
    "public": {"30 jours net": 0.8, "50 jours net": 0.2},
}
METHODS = {
    "business": {"transfer": 0.879, "cheque": 0.036, "lcr": 0.05, "direct_debit": 0.035},
    "consumer": {"transfer": 0.52, "cheque": 0.07, "direct_debit": 0.33, "card": 0.08},
    "public": {"transfer": 1.0},
}
#: prompt pays on the day; run pays everything due on its payment days; late is late always; drifting gets later by the
#: month; insolvent pays well, then late, then never.
HABITS = {
    "business": {"prompt": 0.50, "run": 0.14, "late": 0.22, "drifting": 0.11, "insolvent": 0.03},
    "consumer": {"prompt": 0.72, "late": 0.26, "drifting": 0.02},
    "public": {"prompt": 0.35, "run": 0.15, "late": 0.50},
}
#: How many of a customer's payments bear no reference (share of customers, share of their receipts without).
OMISSION = ((0.75, 0.03), (0.15, 0.25), (0.10, 0.90))
#: The banks: the channel that a customer's money comes through decides what of its text survives.
CHANNELS = {"camt": 0.53, "cfonb140": 0.25, "mt940": 0.11, "cfonb31": 0.09, "ofx": 0.02}


@dataclass(frozen=True, eq=False)
class Cast:
    """One array a property, one entry a customer; `payer` is the index of the customer who pays."""

    siren: Ints
    name: Texts
    kind: Texts
    segment: Texts
    terms: Texts
    method: Texts
    habit: Texts
    delay_days: Floats
    spread_days: Floats
    drift_days_a_month: Floats
    run_day: Ints
    failed_on: Ints
    slips: Slips
    rate: Floats
    amount_mu: Floats
    amount_sigma: Floats
    amount_style: Texts
    joined_on: Ints
    payer: Ints
    payer_name: Texts
    treasury: Ints
    channel: Texts
    account_iban: Texts
    omission: Floats
    reference_form: Texts
    discounts: Bools
    retains: Bools
    instalments: Bools

    @property
    def size(self) -> int:
        """How many customers."""
        return len(self.siren)


def make_cast(options: SampleOptions, first: int, last: int, reference_forms: dict[str, float]) -> Cast:
    """The customers of the company between day numbers `first` and `last`."""
    rng = generator(options.seed, "customers")
    size = options.customers
    kind = pick(rng, KINDS, size)
    siren, name, segment = _identities(rng, kind)
    rate = _rates(rng, kind, options.invoices_a_month)
    rank = np.argsort(np.argsort(-rate, kind="stable"), kind="stable")
    habit = _by_kind(rng, kind, HABITS, rank, 2**0.5)
    months = max(1, (last - first) // 30)
    payer = _payers(generator(options.seed, "groups"), kind, rate)
    method = _by_kind(rng, kind, METHODS, rank, 3**0.5)
    # Money of a group comes in the group's own way.
    method, habit, channel = method[payer], habit[payer], spread(rng, CHANNELS, rank, 5**0.5)[payer]
    treasury = _treasuries(rng, kind)
    delay, wobble, drift = _lateness(rng, habit, months)
    slip = slips(options.slips, options.seed, habit, method, payer, first, last)
    return Cast(
        siren=siren,
        name=name,
        segment=segment,
        kind=kind,
        terms=_by_kind(rng, kind, TERMS, rank, 7**0.5),
        method=method,
        habit=habit,
        delay_days=delay,
        spread_days=wobble,
        drift_days_a_month=drift,
        run_day=rng.choice(np.array([5, 10, 15, 20, 25, 31, 31, 31]), size)[payer],
        failed_on=np.minimum(_failures(rng, habit, first, last)[payer], slip.judged_on),
        slips=slip,
        rate=rate,
        amount_mu=_amounts(rng, kind),
        amount_sigma=rng.uniform(0.35, 0.9, size),
        amount_style=pick(rng, {"free": 0.58, "recurring": 0.30, "round": 0.12}, size),
        joined_on=np.where(rng.random(size) < 0.8, first, rng.integers(first, max(first + 1, last - 120), size)),
        payer=payer,
        payer_name=_payer_names(rng, name, payer, treasury),
        treasury=treasury,
        channel=channel,
        account_iban=_accounts(generator(options.seed, "ibans"), payer, treasury),
        omission=_omissions(rng, rank)[payer],
        reference_form=spread(rng, reference_forms, rank, 11**0.5)[payer],
        discounts=(rng.random(size) < 0.15) & (kind == "business") & (method == "transfer"),
        retains=(segment == "construction") & (rng.random(size) < 0.25) & (kind != "consumer"),
        instalments=(rng.random(size) < 0.06) & (kind != "public"),
    )


def _identities(rng: np.random.Generator, kind: Texts) -> tuple[Ints, Texts, Texts]:
    nouns = identity.stems(rng, len(kind))
    segment = identity.segments(rng, len(kind))
    name = identity.company_names(rng, nouns, segment)
    public, people = kind == "public", kind == "consumer"
    name[public] = identity.public_names(rng, nouns[public])
    name[people] = identity.person_names(rng, nouns[people])
    segment[public], segment[people] = "public", "household"
    return identity.sirens(rng, len(kind)), name, segment


def _by_kind(
    rng: np.random.Generator, kind: Texts, table: dict[str, dict[str, float]], rank: Ints, step: float
) -> Texts:
    chosen = np.empty(len(kind), dtype=object)
    for word, weights in table.items():
        rows = np.flatnonzero(kind == word)
        within = np.argsort(np.argsort(rank[rows], kind="stable"), kind="stable")
        chosen[rows] = spread(rng, weights, within, step)
    return chosen


def _rates(rng: np.random.Generator, kind: Texts, mean: float) -> Floats:
    """Invoices a month: log-normal over customers, so that a few large accounts have most of them."""
    sigma = 1.15
    rates = np.exp(rng.normal(-(sigma**2) / 2, sigma, len(kind))) * mean
    rates = np.where(kind == "consumer", rates * 0.15, rates)
    return np.clip(np.where(kind == "public", rates * 0.5, rates), 0.08, 60.0)


def _amounts(rng: np.random.Generator, kind: Texts) -> Floats:
    centre = np.where(kind == "consumer", np.log(180.0), np.where(kind == "public", np.log(2600.0), np.log(1400.0)))
    return np.asarray(centre + rng.normal(0, 0.9, len(kind)))


def _lateness(rng: np.random.Generator, habit: Texts, months: int) -> tuple[Floats, Floats, Floats]:
    size = len(habit)
    late = rng.gamma(4.0, 6.0, size) + 6
    delay = np.where(habit == "late", late, rng.normal(0.0, 1.5, size))
    delay = np.where(habit == "run", 0.0, delay)
    spread = np.where(habit == "late", rng.uniform(4, 10, size), rng.uniform(0.5, 3.0, size))
    drift = np.where(habit == "drifting", rng.uniform(25, 55, size) / months, 0.0)
    drift = np.where(habit == "insolvent", rng.uniform(10, 25, size) / months, drift)
    return delay, spread, drift


def _failures(rng: np.random.Generator, habit: Texts, first: int, last: int) -> Ints:
    """The day an insolvent customer stops paying; far in the future for the others."""
    span = last - first
    day = first + rng.integers(int(span * 0.45), max(int(span * 0.97), int(span * 0.45) + 1), len(habit))
    return np.where(habit == "insolvent", day, last + 100_000)


def _payers(rng: np.random.Generator, kind: Texts, rate: Floats) -> Ints:
    """The paying customer of each: about one business in twenty belongs to a group of two to four accounts."""
    payer = np.arange(len(kind), dtype=np.int64)
    # Middling accounts, so that groups neither vanish from the money nor swallow it.
    order = np.argsort(rate, kind="stable")
    middle = order[(len(order) * 3) // 10 : (len(order) * 8) // 10]
    business = rng.permutation(middle[kind[middle] == "business"])
    at, wanted = 0, max(4, int(len(kind) * 0.058))
    while at + 4 <= min(wanted, len(business)):
        members = business[at : at + int(rng.integers(2, 5))]
        payer[members[1:]] = members[0]
        at += len(members)
    return payer


def _treasuries(rng: np.random.Generator, kind: Texts) -> Ints:
    """The treasury office that pays for a public body (-1: pays itself, as one in three does)."""
    public = np.flatnonzero((kind == "public") & (rng.random(len(kind)) < 0.67))
    office = np.full(len(kind), -1, dtype=np.int64)
    office[public] = rng.integers(0, max(1, len(public) // 6), len(public))
    return office


def _payer_names(rng: np.random.Generator, name: Texts, payer: Ints, treasury: Ints) -> Texts:
    towns = np.array(identity.CITIES, dtype=object)
    offices = np.array([f"TRESORERIE {town}" for town in towns], dtype=object)
    own = name[payer].copy()
    paid_by_state = treasury >= 0
    own[paid_by_state] = offices[treasury[paid_by_state] % len(offices)]
    return own


def _accounts(rng: np.random.Generator, payer: Ints, treasury: Ints) -> Texts:
    """The bank account each customer's money comes from; bodies of one treasury office share its account."""
    size = len(payer)
    owner = np.where(treasury >= 0, size + treasury, payer)
    many = int(owner.max()) + 1
    numbers = identity.ibans(rng.integers(10_000, 20_000, many), rng.integers(1, 99_999, many), _eleven(rng, many))
    return np.asarray(numbers[owner], dtype=object)


def _eleven(rng: np.random.Generator, size: int) -> Ints:
    """Different account numbers of eleven digits."""
    return np.asarray(
        rng.permutation(size).astype(np.int64) * 1_000_003 % 99_999_999_977 + rng.integers(0, 1_000, size)
    )


def _omissions(rng: np.random.Generator, rank: Ints) -> Floats:
    shares = {str(index): share for index, (share, _) in enumerate(OMISSION)}
    return np.array([rate for _, rate in OMISSION])[spread(rng, shares, rank, 13**0.5).astype(np.int64)]
