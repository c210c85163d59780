"""Search: names, accounts, SIREN, IBAN, invoice numbers and amounts, within what the actor may see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from encours.core.base.money import AmountError, parse_decimal
from encours.core.base.numbers import bare_signs
from encours.store.models import Customer, CustomerPosition, Item, PayerAlias, Receipt
from encours.usecases.viewing import Viewing

LIMIT = 20
_SCALES = (2, 0, 3)  # minor units of an amount typed without a currency
_LARGEST = 2**62


@dataclass(frozen=True)
class CustomerHit:
    """A customer found, and by what: name, account, legal_id, iban."""

    customer_id: str
    entity_id: str
    name: str
    legal_id: str | None
    found_by: str
    balance: int | None
    currency: str | None

    @property
    def account(self) -> str:
        """The account as the ledger writes it."""
        return self.customer_id.removeprefix(f"{self.entity_id}:")


@dataclass(frozen=True)
class ItemHit:
    """An item found by its number or amount."""

    item_id: str
    number: str
    kind: str
    customer_name: str
    issued_on: date
    due_on: date
    amount: int
    open: int
    currency: str


@dataclass(frozen=True)
class ReceiptHit:
    """A receipt found by its payer, account or amount."""

    receipt_id: str
    booked_on: date
    payer_name: str | None
    payer_account: str | None
    amount: int
    unapplied: int
    currency: str


@dataclass(frozen=True)
class Found:
    """What fits the text; each list is cut at LIMIT."""

    text: str
    customers: list[CustomerHit]
    items: list[ItemHit]
    receipts: list[ReceiptHit]

    @property
    def cut(self) -> bool:
        """Whether more may fit than is listed."""
        return LIMIT in (len(self.customers), len(self.items), len(self.receipts))

    @property
    def only(self) -> tuple[str, str] | None:
        """(kind, id) where exactly one thing fits: the page goes there at once."""
        hits = [("customer", c.customer_id) for c in self.customers] + [("item", i.item_id) for i in self.items]
        return hits[0] if len(hits) == 1 and not self.receipts else None


def show_search(viewing: Viewing, text: str) -> Found:
    """Everything that fits `text`, best kinds first. Facts are today's whatever day the page shows."""
    text = " ".join(text.split())[:120]
    if len(text) < 2:
        return Found(text, [], [], [])
    key = bare_signs(text)
    amounts = _amounts(text)
    return Found(
        text, _customers(viewing, text, key), _items(viewing, key, amounts), _receipts(viewing, text, key, amounts)
    )


def find_items(viewing: Viewing, text: str) -> list[ItemHit]:
    """Items alone that fit a number or an amount, at most LIMIT of each."""
    text = " ".join(text.split())[:120]
    key = bare_signs(text)
    return _items(viewing, key, _amounts(text))


def _amounts(text: str) -> list[int]:
    try:
        value = parse_decimal(re.sub(r"(?i)\s*(eur|€)\s*$", "", text))
    except AmountError:
        return []
    scaled = {int(value.scaleb(scale)) for scale in _SCALES if value.scaleb(scale) == int(value.scaleb(scale))}
    return [amount for amount in scaled if abs(amount) < _LARGEST]


def _customers(viewing: Viewing, text: str, key: str) -> list[CustomerHit]:
    rows = viewing.facts(Customer)
    columns = ("customer_id", "entity_id", "name", "legal_id")
    found: dict[str, tuple[str, str, str, str | None, str]] = {}

    def add(by: str, condition: Q) -> None:
        for row in rows.filter(condition).order_by("name")[:LIMIT].values_list(*columns):
            found.setdefault(row[0], (*row, by))

    if key.isdigit() and len(key) in (9, 14):
        add("legal_id", Q(legal_id=key) | Q(legal_id__startswith=key[:9]))
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", key):
        aliases = viewing.facts(PayerAlias).filter(kind="iban", value=key).values("customer_id")
        add("iban", Q(customer_id__in=list(aliases.values_list("customer_id", flat=True)[:LIMIT])))
        add("vat_id", Q(vat_id=key))
    add("name", Q(name__icontains=text))
    if len(found) < LIMIT and key:
        add("account", Q(customer_id__iendswith=text) | Q(vat_id=key))
    return _with_balances(viewing, list(found.values())[:LIMIT])


def _with_balances(viewing: Viewing, rows: list[tuple[str, str, str, str | None, str]]) -> list[CustomerHit]:
    positions = viewing.rows(CustomerPosition).filter(customer_id__in=[row[0] for row in rows])
    balances = {
        row[0]: row[1:] for row in positions.values_list("customer_id", "balance", "currency").order_by("balance")
    }
    return [CustomerHit(*row, *balances.get(row[0], (None, None))) for row in rows]


def _items(viewing: Viewing, key: str, amounts: list[int]) -> list[ItemHit]:
    conditions = []
    if len(key) >= 3 and any(sign.isdigit() for sign in key):
        # A range uses the plain index in every collation; LIKE would not.
        conditions.append(Q(number_key__gte=key, number_key__lt=key + "Z" * 12))
    if amounts:
        conditions.append(Q(amount__in=[*amounts, *(-amount for amount in amounts)]))
    columns = ("item_id", "number", "kind", "customer_id", "issued_on", "due_on", "amount", "open", "currency")
    rows: dict[str, Any] = {}
    for condition in conditions:
        for row in viewing.facts(Item).filter(condition)[:LIMIT].values_list(*columns):
            rows.setdefault(row[0], row)
    cut = list(rows.values())[:LIMIT]
    ids = {row[3] for row in cut}
    names = dict(viewing.facts(Customer).filter(customer_id__in=ids).values_list("customer_id", "name")) if ids else {}
    return [ItemHit(*(*row[:3], names.get(row[3], row[3]), *row[4:])) for row in cut]


def _receipts(viewing: Viewing, text: str, key: str, amounts: list[int]) -> list[ReceiptHit]:
    conditions = []
    if amounts:
        conditions.append(Q(amount__in=amounts))
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", key):
        conditions.append(Q(payer_account=key))
    columns = ("receipt_id", "booked_on", "payer_name", "payer_account", "amount", "unapplied", "currency")
    rows: dict[str, tuple[object, ...]] = {}
    for condition in conditions:
        for row in viewing.facts(Receipt).filter(condition)[:LIMIT].values_list(*columns):
            rows.setdefault(row[0], row)
    return [ReceiptHit(*row) for row in list(rows.values())[:LIMIT]]  # type: ignore[arg-type]  # typed by the columns
