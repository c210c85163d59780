"""What stands against a claim: each kind of settlement one small class with a sentence a bookkeeper reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from encours.core.entries.facts import Cash, Settled, Values, auxiliary
from encours.core.entries.rules import EntryRules

_RATE = 10_000
_PERSONAL = ("40", "41")
_SUPPLIERS = "40"


@dataclass(frozen=True)
class Leg:
    """A line before it is dated and numbered: `net` is debit − credit in the entity's currency."""

    account: str
    auxiliary: str
    net: int
    role: str  # bank, suspense, collection, transfer, advance, claim, difference, vat, liaison
    item_id: str = ""
    foreign_amount: int | None = None
    foreign_currency: str = ""


#: Roles of lines that are the money itself, on the side of the entity to which it came.
_MONEY = ("bank", "suspense", "collection", "transfer", "advance")


@dataclass(frozen=True)
class Setting:
    """What a kind goes by: the entity's rules and currency, how the receipt's bank account is kept, exchange rates."""

    rules: EntryRules
    home: str
    mode: str
    bank_account: str
    values: Values


class NoSupplierError(Exception):
    """Nobody has said which supplier's account is that of a `customer` (its auxiliary account)."""

    def __init__(self, customer: str) -> None:
        self.customer = customer
        super().__init__(customer)


def worth(one: Settled, by: Setting) -> int:
    """What leaves the claim, in the entity's currency: at the rate of the day on which the claim was booked."""
    return by.values.of(one.amount, one.claim.currency, by.home, one.claim.valued_on)


def vat_part(gross: int, rate: int) -> int:
    """The VAT in an amount with VAT, `rate` in basis points; halves away from zero, as invoices round them."""
    size = (abs(gross) * rate * 2 + (_RATE + rate)) // (2 * (_RATE + rate))
    return size if gross >= 0 else -size


class Kind:
    """A kind of allocation: what stands against the claim, in all as much as leaves it."""

    name: ClassVar[str]
    sentence: ClassVar[str]

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        """The lines against the claim."""
        raise NotImplementedError


class CashKind(Kind):
    """Money."""

    name = "cash"
    sentence = "Money: the bank, or the account where it lay, against the claim."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        money = self._value(one, by, one.receipt_amount)
        legs = self._from_where(one, by, money) if money else []
        gap = worth(one, by) - money
        if gap:
            accounts = by.rules.accounts
            legs.append(Leg(accounts.exchange_losses if gap > 0 else accounts.exchange_gains, "", gap, "difference"))
        return legs + _vat_due(one, by)

    def _value(self, one: Settled, by: Setting, amount: int) -> int:
        # An item in the entity's own currency is settled for what it is worth, whatever the money was.
        if one.claim.currency == by.home and amount == one.receipt_amount:
            return one.amount
        return by.values.of(amount, one.cash.currency, by.home, one.cash.booked_on)

    def _from_where(self, one: Settled, by: Setting, money: int) -> list[Leg]:
        cash, accounts = one.cash, by.rules.accounts
        if cash.stands_on:
            return [Leg(cash.stands_on, auxiliary(cash.customer_id or one.claim.customer_id), money, "transfer")]
        if by.mode == "letters":
            return [Leg(one.claim.account, auxiliary(one.claim.customer_id), money, "transfer")]
        taken = money if one.from_advance == one.receipt_amount else 0
        if one.from_advance and not taken:
            taken = self._value(one, by, one.from_advance) if cash.currency != by.home else one.from_advance
        legs = [Leg(accounts.advances, auxiliary(cash.customer_id), taken, "advance")] if taken else []
        fresh = money - taken
        rest = one.receipt_amount - one.from_advance
        return [*legs, received(cash, by, fresh, rest, one.claim.discounted)] if fresh else legs


def received(cash: Cash, by: Setting, money: int, amount: int, discounted: bool = False) -> Leg:
    """The money's own line: on suspense where somebody else booked the bank, in collection, or at the bank.

    `money` in the entity's currency, `amount` in the receipt's; `discounted`: the bank bought the draft before.
    """
    foreign = cash.currency if cash.currency != by.home else ""
    told = amount if foreign else None
    if by.mode == "suspense":
        return Leg(by.rules.accounts.suspense, "", money, "suspense", "", told, foreign)
    lying = by.rules.collection_of(cash.kind, discounted)
    if lying:
        return Leg(lying, "", money, "collection", "", told, foreign)
    return Leg(by.bank_account, "", money, "bank", "", told, foreign)


def vat_share(one: Settled, by: Setting, part: int) -> int:
    """The VAT in a part of a claim, by the claim's own VAT; `part` in the entity's currency, as `worth` gives it.

    Pro rata of what is settled so far, less what was moved before: once all of it is settled the shares are the
    claim's VAT to the cent, in whatever parts the money came.
    """
    claim = one.claim
    whole = by.values.of(claim.amount, claim.currency, by.home, claim.valued_on)
    if not whole:
        return 0
    tax = vat_part(whole, claim.vat_rate)
    if claim.vat is not None:
        tax = by.values.of(claim.vat, claim.currency, by.home, claim.valued_on)
    before = one.taxed_before
    if not one.vat_before and _rounded(tax * before, whole):
        before = 0  # settled while the entity did not move VAT yet: that part bears none of ours
    return _rounded(tax * (before + part), whole) - one.vat_before


def _rounded(product: int, divisor: int) -> int:
    """A quotient, halves away from zero."""
    size = (2 * abs(product) + abs(divisor)) // (2 * abs(divisor))
    return size if (product >= 0) == (divisor > 0) else -size


def _vat_due(one: Settled, by: Setting) -> list[Leg]:
    """VAT on receipts: the share of what is settled with money is due now."""
    if not by.rules.receipts_vat or by.mode == "letters" or one.cash.stands_on:
        return []
    accounts, due, item_id = by.rules.accounts, vat_share(one, by, worth(one, by)), one.claim.item_id
    # A share of nothing is no line of the entry; it stands here because what it is of counts for the next share.
    return [Leg(accounts.vat_on_receipts, "", due, "vat", item_id), Leg(accounts.vat, "", -due, "vat", item_id)]


def _account(one: Settled, by: Setting, *usual: str) -> str:
    """The cause's own account: causes name the root (665), the entity's rules the whole of it (665100)."""
    if not one.account:
        return usual[0]
    named = (account for account in usual if account.startswith(one.account))
    return next(named, one.account.ljust(len(by.rules.accounts.customers), "0"))


def _with_vat(account: str, one: Settled, by: Setting, taxed: bool) -> list[Leg]:
    """A deduction, its VAT apart where it takes it with it."""
    whole = worth(one, by)
    tax = vat_share(one, by, whole) if taxed else 0
    accounts = by.rules.accounts
    on = accounts.vat_on_receipts if by.rules.receipts_vat else accounts.vat
    # On a supplier's or a customer's account somebody's auxiliary is due.
    aux = auxiliary(one.claim.customer_id) if account.startswith(_PERSONAL) else ""
    return [
        Leg(account, aux, whole - tax, "difference"),
        *([Leg(on, "", tax, "vat", one.claim.item_id)] if tax else []),
    ]


class DiscountKind(Kind):
    """Discount for early payment."""

    name = "discount"
    sentence = "Discount for early payment: 665, with its VAT where the entity corrects it."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        return _with_vat(_account(one, by, by.rules.accounts.discounts), one, by, by.rules.discount_vat)


class ChargeKind(Kind):
    """Bank charge."""

    name = "charge"
    sentence = "Bank charges that the banks kept: 627."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        return _with_vat(_account(one, by, by.rules.accounts.bank_charges), one, by, taxed=False)


class WriteOffKind(Kind):
    """Loss or small difference."""

    name = "write_off"
    sentence = "Written off: 658 or 758 for a small difference, 654 for a loss, with its VAT where it may be recovered."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        accounts, whole = by.rules.accounts, worth(one, by)
        if one.account:
            own = _account(one, by, accounts.losses, accounts.small_losses, accounts.small_gains)
            return _with_vat(own, one, by, by.rules.loss_vat and own == accounts.losses)
        if abs(whole) <= by.rules.small_max:
            return _with_vat(accounts.small_losses if whole > 0 else accounts.small_gains, one, by, taxed=False)
        # What is written off the other way is a gain, never a loss taken back.
        if whole < 0:
            return _with_vat(accounts.small_gains, one, by, taxed=False)
        return _with_vat(accounts.losses, one, by, by.rules.loss_vat)


class ExchangeKind(Kind):
    """Exchange difference."""

    name = "fx"
    sentence = "Exchange difference: 666 where less came, 766 where more came."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        accounts = by.rules.accounts
        account = accounts.exchange_losses if worth(one, by) > 0 else accounts.exchange_gains
        return _with_vat(_account(one, by, account), one, by, taxed=False)


class NettingKind(Kind):
    """Netting with what we owe."""

    name = "netting"
    sentence = "Netting: what we owe the same company, 401, against what it owes."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        account = _account(one, by, by.rules.accounts.suppliers)
        code = auxiliary(one.claim.customer_id)
        if account.startswith(_SUPPLIERS):  # else it stays the customer's, on another of its accounts (4117)
            code = by.rules.supplier_codes.get(code, "")
            if not code:
                raise NoSupplierError(auxiliary(one.claim.customer_id))
        return [Leg(account, code, worth(one, by), "difference")]


class CreditKind(Kind):
    """Credit note or advance against an invoice."""

    name = "credit"
    sentence = "A credit note or an advance set against an invoice: its own account, where that is another one."

    def legs(self, one: Settled, by: Setting) -> list[Leg]:
        assert one.credit is not None, f"allocation {one.allocation_id} sets nothing against the item"
        other = one.credit
        return [Leg(other.account, auxiliary(other.customer_id), worth(one, by), "claim", other.item_id)]


KINDS: Mapping[str, Kind] = {kind.name: kind() for kind in Kind.__subclasses__()}


def legs_of(one: Settled, by: Setting) -> list[Leg]:
    """All lines of a settlement, the claim's own last; they sum to nothing. Empty where only letters are missing.

    Raises NoRateError, NoSupplierError.
    """
    against = KINDS[one.kind].legs(one, by)
    total = sum(leg.net for leg in against)
    assert total == worth(one, by), f"allocation {one.allocation_id}: {total} stand against {worth(one, by)}"
    account, aux = one.claim.account, auxiliary(one.claim.customer_id)
    # Money that the ERP has booked on the claim's own account needs no line, only a letter.
    there = [leg for leg in against if (leg.account, leg.auxiliary) == (account, aux)]
    kept = [leg for leg in against if leg not in there]
    if not kept:
        return []
    return [*kept, Leg(account, aux, sum(leg.net for leg in there) - total, "claim", one.claim.item_id)]


def legs_between(one: Settled, by: Setting, there: Setting) -> tuple[list[Leg], list[Leg]]:
    """The lines of money for another entity's claim: where it came, and where it was owed (`there`).

    The receiver owes the other entity what came (its group account), and that entity settles its claim with it;
    discounts, losses and VAT are those of the entity whose claim it is. Raises NoRateError.
    """
    kind = KINDS[one.kind]
    money = [leg for leg in kind.legs(one, by) if leg.role in _MONEY]
    rest = [leg for leg in kind.legs(one, there) if leg.role not in _MONEY]
    came, less = sum(leg.net for leg in money), sum(leg.net for leg in rest)
    own = [*money, Leg(by.rules.accounts.group, "", -came, "liaison")] if came else []
    owed = [Leg(there.rules.accounts.group, "", came, "liaison")] if came else []
    account, aux = one.claim.account, auxiliary(one.claim.customer_id)
    return own, [*owed, *rest, Leg(account, aux, -(came + less), "claim", one.claim.item_id)]
