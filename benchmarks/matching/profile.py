"""What a generated book is like: payment patterns, reference noise, channels, spelled names, habits, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benchmarks.matching.draws import quotas

#: Published tables are rounded to tenths: their sums may be off by so much, and are normalised.
ROUNDING = 0.002

#: Payment patterns of the published mix; those without a counterpart among the items are in UNMATCHABLE.
PATTERNS = (
    "one", "many", "credit_notes", "partial", "discount", "dispute", "balance", "parent", "advance", "not_ar",
    "treasury", "rounding", "charge", "overpayment", "duplicate",
)  # fmt: skip
#: Patterns that the published mix lacks and that the shipped model has seen a few of.
TAUGHT = (
    "retention", "withholding", "debit_return", "card_payout", "lcr_batch", "factor_batch", "shared_advice",
    "cheque_return", "other_currency", "other_entity",
)  # fmt: skip
#: What payers set off or add by themselves; no model has learnt from these.
SET_OFF = ("netting", "rebate", "logistics_penalty", "deducted_advance", "late_penalty")
#: Zero in every named profile, `with_extras` turns them on.
EXTRAS = (*TAUGHT, *SET_OFF)
UNMATCHABLE = ("advance", "not_ar", "duplicate")
#: How the references stand in the text.
NOISE = (
    "exact", "digits", "no_separator", "changed_separator", "short", "slip", "suffix_list", "range", "cut", "count",
    "other_number", "wrong", "nothing",
)  # fmt: skip
#: Quoted in full and readable: what "carries a usable reference" means.
USABLE = ("exact", "digits", "no_separator", "changed_separator", "short", "suffix_list", "range")
CHANNELS = ("camt", "cfonb_140", "mt940", "cfonb_31", "cheque")
#: How a payer's name is spelled, fixed for each bank account.
IDENTITY = (
    "exact", "no_form", "form_moved", "cut", "four_letters", "case", "one_letter", "word_order", "trade_name", "empty",
)  # fmt: skip


class ProfileError(ValueError):
    """A profile that cannot be generated: one error that lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True)
class Profile:
    """Shares (0..1) of receipts, unless another base is named.

    `omission`: share of customers → share of their receipts without reference; the last group pays what is due.
    `iban_arrives` and `name_arrives`: by channel, how often the payer's IBAN and name reach the file.
    `accounts`: share of customers with one, two, three bank accounts. `items_per_receipt`: items in a stock and in a
    stream, those included that nobody pays.
    """

    name: str
    patterns: Mapping[str, float]
    noise: Mapping[str, float]
    channels: Mapping[str, float]
    identity: Mapping[str, float]
    omission: Mapping[float, float]
    iban_arrives: Mapping[str, float]
    name_arrives: Mapping[str, float]
    accounts: tuple[float, ...] = (0.6, 0.3, 0.1)
    ibans_known: float = 0.5
    style_kept: float = 0.8
    recurring_customers: float = 0.3
    whole_tens: float = 0.12
    receipts_per_customer: int = 20
    items_per_receipt: tuple[float, float] = (2.35, 3.0)
    entities: int = 2
    many_sizes: Mapping[tuple[int, int], float] = field(
        default_factory=lambda: {(2, 2): 0.36, (3, 3): 0.22, (4, 4): 0.14, (5, 8): 0.16, (9, 20): 0.09, (21, 70): 0.03}
    )

    def __post_init__(self) -> None:
        """Raises ProfileError with every fault."""
        if faults := [*self._table_faults(), *self._share_faults(), *self._size_faults()]:
            raise ProfileError([f"profile {self.name}: {fault}" for fault in faults])

    def _table_faults(self) -> list[str]:
        wanted = {
            "patterns": (self.patterns, {*PATTERNS, *EXTRAS}),
            "noise": (self.noise, set(NOISE)),
            "channels": (self.channels, set(CHANNELS)),
            "identity": (self.identity, set(IDENTITY)),
            "iban_arrives": (self.iban_arrives, set(CHANNELS)),
            "name_arrives": (self.name_arrives, set(CHANNELS)),
        }
        faults = []
        for title, (table, words) in wanted.items():
            faults += [f"{title} does not know {word}" for word in sorted(set(table) - words)]
            faults += [f"{title} lacks {word}" for word in sorted(words - set(table) - set(EXTRAS))]
        return faults

    def _share_faults(self) -> list[str]:
        sums = {
            "patterns": self.patterns.values(),
            "noise": self.noise.values(),
            "channels": self.channels.values(),
            "identity": self.identity.values(),
            "omission": self.omission.values(),
            "accounts": self.accounts,
            "many_sizes": self.many_sizes.values(),
        }
        faults = [
            f"the shares of {title} sum to {sum(shares):.4f}, not 1"
            for title, shares in sums.items()
            if abs(sum(shares) - 1) > ROUNDING
        ]
        single = {
            "ibans_known": self.ibans_known,
            "style_kept": self.style_kept,
            "recurring_customers": self.recurring_customers,
            "whole_tens": self.whole_tens,
        }
        tables = {
            **{title: tuple(shares) for title, shares in sums.items()},
            **{title: (share,) for title, share in single.items()},
            "iban_arrives": tuple(self.iban_arrives.values()),
            "name_arrives": tuple(self.name_arrives.values()),
            "omission (of receipts)": tuple(self.omission),
        }
        outside = (title for title, shares in tables.items() if any(not 0 <= share <= 1 for share in shares))
        return faults + [f"{title} holds a share outside 0..1" for title in outside]

    def _size_faults(self) -> list[str]:
        faults = []
        if self.receipts_per_customer < 1:
            faults.append(f"receipts_per_customer is {self.receipts_per_customer}, at least 1 is needed")
        if len(self.items_per_receipt) != 2 or min(self.items_per_receipt) < 0:
            faults.append(f"items_per_receipt is {self.items_per_receipt}, two figures from 0 are needed")
        if not 1 <= self.entities <= 2:
            faults.append(f"entities is {self.entities}; there are numbering series for 1 or 2")
        if any(not 2 <= low <= high for low, high in self.many_sizes):
            faults.append("many_sizes holds a range that is none, or a set of fewer than two items")
        return faults


def with_extras(profile: Profile, share: float, names: tuple[str, ...] = EXTRAS) -> Profile:
    """The profile with `share` of the receipts for each pattern that the published mix lacks; the others shrink."""
    left = 1 - share * len(names)
    if not 0 <= left <= 1:
        raise ProfileError([f"extras: {share} for each of {len(names)} patterns leaves nothing for the others"])
    mix = {name: profile.patterns[name] * left for name in PATTERNS} | dict.fromkeys(names, share)
    return replace(profile, name=f"{profile.name}+extras", patterns=mix)


def _percent(words: tuple[str, ...], figures: str) -> dict[str, float]:
    return {word: float(figure) / 100 for word, figure in zip(words, figures.split(), strict=True)}


_CHANNELS = _percent(CHANNELS, "52 24 11 9 4")
_IBAN_ARRIVES = _percent(CHANNELS, "98 60 80 0 0")
_NAME_ARRIVES = _percent(CHANNELS, "100 100 100 50 25")

STANDARD = Profile(
    name="standard",
    patterns=_percent(PATTERNS, "49.4 17.6 5.3 5.4 3.1 3.1 2.9 2.8 1.9 1.8 1.6 1.5 1.5 1.0 1.0"),
    noise=_percent(NOISE, "34.3 11.9 9.9 6.4 7.1 1.1 0.5 0.15 2.8 1.3 6.7 0.8 17.2"),
    channels=_CHANNELS,
    identity=_percent(IDENTITY, "42 18 8 8 6 5 4 3 3 3"),
    omission={0.03: 0.75, 0.25: 0.15, 0.90: 0.10},
    iban_arrives=_IBAN_ARRIVES,
    name_arrives=_NAME_ARRIVES,
)

EASY = Profile(
    name="easy",
    patterns=_percent(PATTERNS, "50 30 4 3 3 1 2 1 1 1 1 1 1 0.5 0.5"),
    noise=_percent(NOISE, "60 12 8 5 3 0.5 0.5 0.5 1.5 0.5 3 0 5.5"),
    channels=_percent(CHANNELS, "75 15 6 3 1"),
    identity=_percent(IDENTITY, "65 15 5 5 2 4 1 1 1 1"),
    omission={0.02: 0.90, 0.15: 0.07, 0.90: 0.03},
    iban_arrives=_IBAN_ARRIVES,
    name_arrives=_NAME_ARRIVES,
    ibans_known=0.8,
    recurring_customers=0.1,
    whole_tens=0.05,
    receipts_per_customer=10,
)

#: Names varied 70 %, one text in five with a slip or a cut, more recurring amounts: the published "hard" mix, whose
#: 15 % without or with crossed remittance are noise here.
HARD = Profile(
    name="hard",
    patterns=_percent(PATTERNS, "31 15 4 12 8 7 3 3 4 4 1 1 1 3 3"),
    noise=_percent(NOISE, "18 10 8 8 8 9 1 0.5 5 2.5 8 4 18"),
    channels=_percent(CHANNELS, "35 25 15 15 10"),
    identity=_percent(IDENTITY, "30 17 8 12 9 5 8 4 4 3"),
    omission={0.05: 0.60, 0.25: 0.22, 0.90: 0.18},
    iban_arrives=_IBAN_ARRIVES,
    name_arrives=_NAME_ARRIVES,
    ibans_known=0.3,
    style_kept=0.6,
    recurring_customers=0.45,
    whole_tens=0.15,
    receipts_per_customer=30,
)

PROFILES = {profile.name: profile for profile in (EASY, STANDARD, HARD)}


def quota_of(shares: Mapping[str, float], count: int) -> dict[str, int]:
    """How many of `count` each word gets."""
    return dict(zip(shares, quotas(list(shares.values()), count), strict=True))
