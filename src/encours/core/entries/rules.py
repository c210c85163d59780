"""How an entity keeps its books: accounts, journals, taxes, and what each bank account needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from encours.core.base.issue import CallError

#: full: the bank line is booked here, 512 → 411. suspense: somebody booked it to 471, here 471 → 411 follows.
#: letters: the ERP has the whole entry, only its lines' letters are missing.
MODES = ("full", "suspense", "letters")
_LENGTH_MAX = 32
_RATE_MAX = 10_000


@dataclass(frozen=True)
class Accounts:
    """Where what goes, in the French chart of accounts (plan comptable général). A blank one is not used.

    `drafts`, `doubtful`: of items for which the ledger names no account, those under an accepted draft and those that
    an insolvent customer owed before the judgment; blank: they stay on `customers`.
    """

    customers: str = "411000"
    retentions: str = "411700"
    drafts: str = "413000"
    doubtful: str = "416000"
    advances: str = "419100"
    suppliers: str = "401000"
    group: str = "451000"
    suspense: str = "471000"
    bank: str = "512000"
    cheques_in_collection: str = "511200"
    drafts_in_collection: str = "511300"
    cards_in_collection: str = ""
    discounted_drafts: str = "519000"
    bank_charges: str = "627000"
    losses: str = "654000"
    small_losses: str = "658000"
    small_gains: str = "758000"
    discounts: str = "665000"
    exchange_losses: str = "666000"
    exchange_gains: str = "766000"
    vat: str = "445710"
    vat_on_receipts: str = "445740"


#: An account without which an entry could not be written.
_NEEDED = tuple(one.name for one in fields(Accounts) if one.default and one.name not in ("drafts", "doubtful"))
#: Accounts that rules were once kept with and that nothing in a Book can ask for: what was kept of them is passed over.
_RETIRED = ("credits_to_come",)


@dataclass(frozen=True)
class Bank:
    """How one bank account is kept: its mode, its account in the ledger, its journal."""

    mode: str
    ledger_account: str = ""  # blank: the entity's bank account of the rules
    journal: str = ""  # blank: the entity's bank journal

    def faults(self) -> list[str]:
        """What is wrong with it, in sentences."""
        found = [] if self.mode in MODES else [f"choose one of {', '.join(MODES)}"]
        if self.ledger_account and not _is_account(self.ledger_account):
            found.append(f"{self.ledger_account!r} is not a ledger account")
        if self.journal and not _is_journal(self.journal):
            found.append(f"{self.journal!r} is not a journal code: give up to six letters and digits")
        return found


@dataclass(frozen=True)
class EntryRules:
    """An entity's rules. `vat_rate` in basis points, where an item does not say its own.

    `discount_vat`, `loss_vat`: whether a discount or a loss takes its VAT with it. `receipts_vat`: VAT is due when the
    money comes (services): each receipt moves its share from the waiting account. `small_max`: up to this (minor
    units of the entity's currency) a write-off is a small difference, beyond it a loss. `supplier_codes`: a customer's
    auxiliary account -> that of the same company as a supplier; without one netting with it is not booked.
    """

    accounts: Accounts = field(default_factory=Accounts)
    bank_journal: str = "BQ"
    collection_journal: str = "CH"
    misc_journal: str = "OD"
    vat_rate: int = 2_000
    discount_vat: bool = False
    loss_vat: bool = False
    receipts_vat: bool = False
    small_max: int = 500
    supplier_codes: Mapping[str, str] = field(default_factory=dict)
    banks: Mapping[str, Bank] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Mapping[str, Any], banks: Mapping[str, Mapping[str, Any]] | None = None) -> EntryRules:
        """From stored values; what they leave out is the default. Raises CallError listing every fault."""
        if found := faults_of(value):
            raise CallError(found)
        plain = {name: value[name] for name in _PLAIN if name in value}
        own = {code: Bank(**kept) for code, kept in (banks or {}).items()}
        named = {name: account for name, account in value.get("accounts", {}).items() if name not in _RETIRED}
        return cls(accounts=Accounts(**named), banks=own, **plain)

    def as_value(self) -> dict[str, Any]:
        """What `of` reads, without the banks."""
        return {"accounts": asdict(self.accounts), **{name: getattr(self, name) for name in _PLAIN}}

    def bank_of(self, account: str) -> Bank | None:
        """How a bank account is kept; None: nobody said it yet."""
        known = self.banks.get(account)
        if known is None:
            return None
        ledger, journal = known.ledger_account or self.accounts.bank, known.journal or self.bank_journal
        return Bank(known.mode, ledger, journal)

    def of_item(self, ledger_account: str | None, kind: str, doubtful: bool = False, drafted: bool = False) -> str:
        """The account an item stands on: the ledger's own, else the one of its kind, else of what became of it."""
        if ledger_account:
            return ledger_account
        named = {"retention": self.accounts.retentions, "down_payment": self.accounts.advances}
        if kind in named:
            return named[kind]
        became = (doubtful and self.accounts.doubtful) or (drafted and self.accounts.drafts)
        return became or self.accounts.customers

    def collection_of(self, kind: str, discounted: bool) -> str:
        """The account on which such a receipt lies until the bank has it; blank: it goes straight to the bank."""
        if kind == "draft":
            return self.accounts.discounted_drafts if discounted else self.accounts.drafts_in_collection
        by_kind = {"cheque": self.accounts.cheques_in_collection, "card": self.accounts.cards_in_collection}
        return by_kind.get(kind, "")


_PLAIN = tuple(one.name for one in fields(EntryRules) if one.name not in ("accounts", "banks"))
_FLAGS = ("discount_vat", "loss_vat", "receipts_vat")
_JOURNALS = ("bank_journal", "collection_journal", "misc_journal")


def faults_of(value: Mapping[str, Any]) -> list[str]:
    """What is wrong with stored rules, in sentences; empty: nothing."""
    known = {one.name for one in fields(Accounts)}
    accounts = value.get("accounts", {})
    found = [f"{name!r} is no rule" for name in value if name != "accounts" and name not in _PLAIN]
    found += [f"{name!r} is no account of the rules" for name in accounts if name not in (*known, *_RETIRED)]
    for name, account in accounts.items():
        if name in known and not (_is_account(account) or (account == "" and name not in _NEEDED)):
            found.append(f"{account!r} is not a ledger account")
    for name in _JOURNALS:
        if name in value and not _is_journal(value[name]):
            found.append(f"{value[name]!r} is not a journal code: give up to six letters and digits")
    for name, limit in (("vat_rate", _RATE_MAX), ("small_max", 10**9)):
        if name in value and not (_is_int(value[name]) and 0 <= value[name] <= limit):
            found.append(f"{name} is {value[name]!r}: give a number from 0 to {limit}")
    found += _code_faults(value.get("supplier_codes", {}))
    return found + [f"{name} is either on or off" for name in _FLAGS if not isinstance(value.get(name, True), bool)]


def _code_faults(value: object) -> list[str]:
    if not isinstance(value, Mapping):
        return ["give the supplier's account of each customer that is one"]
    wrong = [pair for pair in value.items() if not all(isinstance(code, str) and _is_code(code) for code in pair)]
    return [f"{code!r} = {other!r}: an account has up to {_LENGTH_MAX} characters" for code, other in wrong]


def _is_code(value: str) -> bool:
    return 0 < len(value) <= _LENGTH_MAX and value == value.strip() and value.isprintable()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_account(value: object) -> bool:
    return isinstance(value, str) and value.isalnum() and value.isascii() and len(value) <= _LENGTH_MAX


def _is_journal(value: object) -> bool:
    return isinstance(value, str) and value.isalnum() and value.isascii() and len(value) <= 6
