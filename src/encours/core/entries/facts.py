"""What entries are made of: the decided settlements with the claims and the money that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from encours.core.base.issue import CallError
from encours.core.base.money import exponent, round_half_even
from encours.core.base.schema import TABLES

#: Columns of `Facts.settled` beside the Book's allocations.
SETTLED = {**TABLES["allocations"].schema, "entity_id": pl.String()}
#: An exported claim line of before: what a new letter must take in.
EARLIER = {
    "piece": pl.String(),
    "account": pl.String(),
    "auxiliary": pl.String(),
    "item_id": pl.String(),
    "receipt_id": pl.String(),
    "role": pl.String(),
    "day": pl.Date(),
    "net": pl.Int64(),
    "undone": pl.Boolean(),  # its decision was reversed: it is lettered with its counter-entry, not with its item
}
#: What of an item earlier exports have settled together with its VAT, and that VAT, in its entity's currency.
TAXED = {"item_id": pl.String(), "worth": pl.Int64(), "vat": pl.Int64()}
ADVANCES = {
    "advance_id": pl.String(),
    "entity_id": pl.String(),
    "receipt_id": pl.String(),
    "customer_id": pl.String(),
    "amount": pl.Int64(),
    "on": pl.Date(),
    "undone_on": pl.Date(),
}


@dataclass(frozen=True)
class Facts:
    """Frames in; amounts in minor units of their currency.

    settled: the Book's allocations, entity_id (the receipt's), and where known `account` (the cause's own account)
    and `from_advance` (what of the cash is taken from an advance that was exported); `reversed_on` makes a
    counter-entry. items, receipts, customers, entities, rates: the Book's. Items may bear `vat_rate` (basis points),
    `vat` (all their VAT, signed like the item) with `vat_words`, and `discounted` (its draft was sold to the bank),
    `drafted` (a draft of it was accepted and stands), `doubtful` (an insolvent customer owed it before the judgment);
    receipts `own` (it stands in the ledger by our entries, not by the ERP's). advances: columns of ADVANCES. earlier:
    of EARLIER. taxed: of TAXED. seen: (entity, account) -> its highest letter code.
    """

    settled: pl.DataFrame
    items: pl.DataFrame
    receipts: pl.DataFrame
    customers: pl.DataFrame
    entities: pl.DataFrame
    advances: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ADVANCES))
    earlier: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EARLIER))
    taxed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TAXED))
    rates: pl.DataFrame = field(default_factory=lambda: TABLES["rates"].empty())
    seen: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """An item with the account and auxiliary on which it stands."""

    item_id: str
    entity_id: str
    customer_id: str
    account: str
    number: str
    currency: str
    valued_on: date
    due_on: date
    amount: int
    vat_rate: int
    discounted: bool
    vat: int | None = None  # all VAT of the claim, where a document or the ledger says it
    vat_words: str = ""  # its rates as people write them; blank: the entity's rate is assumed


@dataclass(frozen=True)
class Cash:
    """A receipt; `stands_on` is the receivable account on which the ERP has booked it, blank where it has not."""

    receipt_id: str
    entity_id: str
    bank: str
    booked_on: date
    amount: int
    currency: str
    kind: str
    customer_id: str
    stands_on: str
    payer: str


@dataclass(frozen=True)
class Settled:
    """One allocation. `counter`: it was exported and is reversed now."""

    allocation_id: str
    cash: Cash
    claim: Claim
    credit: Claim | None
    amount: int
    receipt_amount: int
    kind: str
    on: date
    counter: bool
    account: str
    from_advance: int
    taxed_before: int = 0  # what of the claim bore its VAT before, in the entity's currency
    vat_before: int = 0  # and that VAT


class NoRateError(Exception):
    """An amount of another currency cannot be told in the entity's: `currency`, `on`."""

    def __init__(self, currency: str, on: date) -> None:
        self.currency, self.on = currency, on
        super().__init__(f"no rate of {currency} is known on {on}")


class Values:
    """Amounts in an entity's own currency, by the last rate known on a day."""

    def __init__(self, rates: pl.DataFrame) -> None:
        self._rates: dict[str, list[tuple[date, float]]] = {}
        for row in rates.sort("on").iter_rows(named=True):
            self._rates.setdefault(row["currency"], []).append((row["on"], row["rate"]))

    def of(self, amount: int, currency: str, home: str, on: date) -> int:
        """Minor units of `home`. Raises NoRateError."""
        if currency == home:
            return amount
        scale = exponent(home) - exponent(currency)
        worth = Decimal(amount).scaleb(scale) / self._per_euro(currency, on) * self._per_euro(home, on)
        return round_half_even(worth)

    def _per_euro(self, currency: str, on: date) -> Decimal:
        if currency == "EUR":
            return Decimal(1)
        known = [rate for day, rate in self._rates.get(currency, []) if day <= on]
        if not known:
            raise NoRateError(currency, on)
        return Decimal(str(known[-1]))


def auxiliary(customer_id: str) -> str:
    """The auxiliary account as the ERP writes it: the customer id without its entity."""
    return customer_id.split(":", 1)[-1]


class Known:
    """Claims and receipts by id. Raises CallError where settlements name what is not there."""

    def __init__(self, facts: Facts, rules: Mapping[str, Any]) -> None:
        self.home = dict(facts.entities.select("entity_id", "currency").iter_rows())
        self.names = dict(facts.customers.select("customer_id", "name").iter_rows())
        self.claims = {row["item_id"]: self._claim(row, rules) for row in facts.items.iter_rows(named=True)}
        self.cash = {row["receipt_id"]: _cash(row) for row in facts.receipts.iter_rows(named=True)}

    def _claim(self, row: Mapping[str, Any], rules: Mapping[str, Any]) -> Claim:
        rule = rules[row["entity_id"]]
        rate = row.get("vat_rate")
        return Claim(
            row["item_id"],
            row["entity_id"],
            row["customer_id"],
            rule.of_item(row["ledger_account"], row["kind"], bool(row.get("doubtful")), bool(row.get("drafted"))),
            row["number"],
            row["currency"],
            row["posted_on"] or row["issued_on"],
            row["due_on"],
            row["amount"],
            rule.vat_rate if rate is None else rate,
            bool(row.get("discounted")),
            row.get("vat"),
            (row.get("vat_words") or "") if rate is None else f"{rate / 100:g} %",
        )

    def settled(self, facts: Facts) -> Iterator[Settled]:
        """The allocations, with what they name."""
        faults = []
        for row in facts.settled.sort("allocation_id").iter_rows(named=True):
            cash, claim = self.cash.get(row["receipt_id"]), self.claims.get(row["item_id"])
            credit = self.claims.get(row["credit_item_id"] or "")
            if cash is None or claim is None or (row["credit_item_id"] and credit is None):
                faults.append(f"allocation {row['allocation_id']} names a receipt or an item that is not there")
                continue
            worth = row["amount"] if row["receipt_amount"] is None else row["receipt_amount"]
            counter = row["reversed_on"] is not None
            yield Settled(
                row["allocation_id"],
                cash,
                claim,
                credit,
                row["amount"],
                worth,
                row["kind"],
                row["reversed_on"] if counter else row["allocated_on"],
                counter,
                row.get("account") or "",
                row.get("from_advance") or 0,
            )
        if faults:
            raise CallError(faults)


def _cash(row: Mapping[str, Any]) -> Cash:
    stands = row["ledger_account"] or ("411000" if row["origin"] == "ledger" else "")
    return Cash(
        row["receipt_id"],
        row["entity_id"],
        row["account"],
        row["booked_on"],
        row["amount"],
        row["currency"],
        row["kind"],
        row["customer_id"] or "",
        "" if row.get("own") else stands,
        row["payer_name"] or "",
    )
