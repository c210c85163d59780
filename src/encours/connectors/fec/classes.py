"""What a receivable line is, told by its counterparts in the entry: each class one small named rule with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from encours.core.base.issue import CallError


@dataclass(frozen=True)
class Rule:
    """A class of counterparts: the accounts it is known by, what it makes of a line, the sentence people read.

    `makes` is `item`, `money` or an allocation kind of the Book. `whole` rules give their full amount to the
    receivable lines before money takes the rest (a bank charge is known to the cent, the transfer is what remains).
    """

    name: str
    sentence: str
    prefixes: tuple[str, ...]
    makes: str
    whole: bool = False


MONEY = Rule(
    "money",
    "A bank, cheque, bill or cash account stands against it: money came in or went out.",
    ("512", "511", "53", "514", "517", "58"),
    "money",
)
SALE = Rule(
    "sale",
    "Revenue stands against it: an invoice, or a credit note where the line is a credit.",
    ("70", "71", "72", "74", "75", "76", "77", "418", "487", "488", "604", "609"),
    "item",
)
VAT = Rule("vat", "VAT goes with what it taxes: the invoice, the discount or the loss.", ("445",), "item")
LOSS = Rule("loss", "Account 654 stands against it: a loss on a bad debt.", ("654", "6714"), "write_off", True)
DIFFERENCE = Rule(
    "difference",
    "Account 658 or 758 stands against it: a small difference was written off.",
    ("658", "758", "678", "778", "4786"),
    "write_off",
    True,
)
DISCOUNT = Rule(
    "discount", "Account 665 stands against it: a discount for early payment.", ("665", "709"), "discount", True
)
CHARGE = Rule("charge", "Account 627 stands against it: the bank kept its charges.", ("627",), "charge", True)
EXCHANGE = Rule(
    "exchange",
    "Account 666 or 766 stands against it: an exchange difference.",
    ("666", "766", "656", "756", "476", "477"),
    "fx",
    True,
)
NETTING = Rule(
    "netting",
    "A supplier account stands against it: what we owe was set against what is owed to us.",
    ("40",),
    "netting",
    True,
)
DRAFT = Rule(
    "draft", "Account 413 stands against it: an accepted draft, an instrument and no payment.", ("413",), "ledger"
)
DOUBTFUL = Rule("doubtful", "Account 416 stands against it: the claim became doubtful.", ("416",), "ledger")
ADVANCE = Rule(
    "advance",
    "Account 4191 or 4198 stands against it: an advance or a credit to come was used.",
    ("4191", "4198", "4196", "4197"),
    "ledger",
)
CUSTOMER = Rule("customer", "Another receivable account stands against it: the claim moved.", ("411", "41"), "ledger")
OPENING = Rule("opening", "The opening journal: carried over from last year.", ("10", "11", "12", "89"), "item")
OTHER = Rule("other", "Any other account stands against it.", ("",), "item")

#: In the order in which counterparts take their part of a line: known amounts first, money before what is left.
RULES: tuple[Rule, ...] = (
    CHARGE, DISCOUNT, EXCHANGE, DIFFERENCE, LOSS, NETTING, MONEY,
    SALE, DRAFT, DOUBTFUL, ADVANCE, CUSTOMER, OPENING, OTHER, VAT,
)  # fmt: skip
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
RULE = pl.Enum(list(BY_NAME))
_RECEIVABLE = ("411", "413", "416", "4191", "4198")
_OPENING_JOURNALS = ("AN", "ANO", "RAN", "AN1", "OUV", "ANOUV", "A-NOUVEAU", "AN0")


@dataclass(frozen=True)
class Chart:
    """The company's chart as far as this reader goes; every list of account prefixes can be set by the caller."""

    receivable: tuple[str, ...] = _RECEIVABLE
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {r.name: r.prefixes for r in RULES})
    opening_journals: tuple[str, ...] = _OPENING_JOURNALS

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Chart:
        """From `receivable_accounts`, `opening_journals` and `<rule>_accounts`. Raises CallError for a wrong list."""
        faults: list[str] = []
        prefixes = {r.name: _words(settings, f"{r.name}_accounts", r.prefixes, faults) for r in RULES}
        chart = cls(
            _words(settings, "receivable_accounts", _RECEIVABLE, faults),
            prefixes,
            _words(settings, "opening_journals", _OPENING_JOURNALS, faults),
        )
        if faults:
            raise CallError(faults)
        return chart

    def is_receivable(self, account: str) -> bool:
        """Whether a line on this account belongs to the receivables."""
        return account.startswith(self.receivable)

    def rule_of(self, account: str) -> str:
        """The name of the rule with the longest prefix of this account."""
        found = [
            (len(prefix), -place, rule.name)
            for place, rule in enumerate(RULES)
            for prefix in self.prefixes[rule.name]
            if account.startswith(prefix)
        ]
        return max(found)[2]


def _words(settings: Mapping[str, object], name: str, default: tuple[str, ...], faults: list[str]) -> tuple[str, ...]:
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
        faults.append(f"{name} is {value!r}, not a list of account prefixes")
        return default
    return tuple(value)


def with_classes(lines: pl.DataFrame, chart: Chart) -> pl.DataFrame:
    """Lines with `receivable` (bool), `rule` (RULE: the class they are as a counterpart) and `opening` (bool)."""
    accounts = lines["account"].unique().to_list()
    receivable = [account for account in accounts if chart.is_receivable(account)]
    rule = {account: chart.rule_of(account) for account in accounts}
    named = "journal_name" if "journal_name" in lines.columns else pl.lit(None, dtype=pl.String).alias("journal_name")
    journals = lines.select("journal", named)
    # Lines of a journal stand together: one of each run says its name.
    runs = pl.any_horizontal(pl.all().ne_missing(pl.all().shift(1))) | (pl.int_range(pl.len()) == 0)
    journals = journals.filter(runs).unique()
    return lines.with_columns(
        receivable=pl.col("account").is_in(receivable),
        rule=pl.col("account").replace_strict(rule, return_dtype=RULE),
        opening=pl.col("journal").is_in(_openings(journals, chart)).fill_null(False),
    )


def _openings(journals: pl.DataFrame, chart: Chart) -> list[str]:
    name = pl.col("journal_name").str.to_lowercase().str.replace_all(r"[^a-z]+", " ")
    named = name.str.contains(r"nouveau|ouverture|opening") & ~name.str.contains(
        r"nouveaux? (client|fournisseur|produit)"
    )
    coded = pl.col("journal").str.to_uppercase().is_in(chart.opening_journals)
    return journals.filter(coded | named.fill_null(False))["journal"].drop_nulls().to_list()
