"""One receipt on the clerk's desk: its text, what is proposed and why, and the open items that it may settle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from encours.connectors.base.bank import ON_ACCOUNT_OF
from encours.core.base.money import EXPONENTS
from encours.core.matching.ways import Part, ways
from encours.store.models import (
    Allocation,
    Customer,
    CustomerLink,
    Item,
    PayerAlias,
    Proposal,
    ProposalLine,
    Receipt,
)
from encours.usecases.desk_habit import DeskHabit, desk_habit
from encours.usecases.desk_quotes import REFERENCES, Quotes, desk_quotes
from encours.usecases.difference_case import unit_rate
from encours.usecases.ready_matches import is_ready
from encours.usecases.show_search import find_items
from encours.usecases.viewing import Viewing

#: Open items shown of all the customers in question; the rest is reached by searching.
ITEMS_MAX = 150
_CUSTOMERS_MAX = 6
_WAYS_MAX = 6
#: Receipts of the same account that are looked at for whom it paid before.
_EARLIER = 20


@dataclass(frozen=True)
class Segment:
    """A part of the receipt's text; `quoted`: it names an item on the desk, by its number or another reference."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class DeskItem:
    """An open item. `cash` and `deducted` (by kind) are what the proposal takes off it; amounts in the item's currency.

    `rate`: minor units of the item's currency for one of the receipt's on the day of the payment; None: none is known.
    """

    item_id: str
    entity_id: str
    number: str
    kind: str
    customer_id: str
    customer_name: str
    issued_on: date
    due_on: date
    amount: int
    open: int
    currency: str
    cash: int = 0
    deducted: int = 0
    deducted_as: str = ""
    quoted: bool = False
    is_chosen: bool = False  # what the desk begins with: the proposal; without one, what the text quotes
    discount_on: date | None = None
    discount_amount: int | None = None
    payment_reference: str | None = None
    order_ref: str | None = None
    purchase_order: str | None = None
    delivery_ref: str | None = None
    rate: Decimal | None = Decimal(1)

    @property
    def decimals(self) -> int:
        """Decimals of its currency's minor unit."""
        return EXPONENTS.get(self.currency, 2)

    @property
    def rate_text(self) -> str:
        """The rate as a page's script reads it; "" where none is known."""
        return "" if self.rate is None else format(self.rate, "f")

    @property
    def settles(self) -> int:
        """What the proposal settles of it, differences included; without one all that is open."""
        return self.cash + self.deducted if self.is_proposed else self.open

    @property
    def is_proposed(self) -> bool:
        """Whether the proposal settles something of it."""
        return bool(self.cash or self.deducted)


@dataclass(frozen=True)
class Candidate:
    """A customer whose money this may be, and why: proposed, account, iban, name, group."""

    customer_id: str
    name: str
    why: str


@dataclass(frozen=True)
class Way:
    """Another set of items that makes up the money. `total`: what is open of them, above the money by a `discount`."""

    items: tuple[DeskItem, ...]
    total: int
    discount: int

    @property
    def customer_name(self) -> str:
        """Whose items they are."""
        return self.items[0].customer_name


@dataclass(frozen=True)
class DeskProposal:
    """What the engine proposes."""

    proposal_id: int
    rule: str
    reason: str
    confidence: float
    alternatives: int
    ready: bool
    signed: bool  # a first person has signed; another one must
    named: Mapping[str, date] = field(default_factory=dict)  # receipts that the reason names, and their days


@dataclass(frozen=True)
class Desk:
    """Everything for one decision. Amounts in minor units of the receipt's currency unless said otherwise."""

    receipt_id: str
    entity_id: str
    booked_on: date
    value_on: date | None
    kind: str
    origin: str
    account: str
    payer_name: str | None
    payer_account: str | None
    end_to_end_id: str | None
    returns_receipt_id: str | None
    amount: int
    unapplied: int
    currency: str
    customer_id: str | None
    text: list[Segment] = field(default_factory=list)
    reference: list[Segment] = field(default_factory=list)  # what came beside the text, end to end
    proposal: DeskProposal | None = None
    why_none: str = ""
    none_rule: str = ""  # the rule that says so
    candidates: list[Candidate] = field(default_factory=list)
    items: list[DeskItem] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    more_items: bool = False
    may_accept: bool = False
    habit: DeskHabit | None = None

    @property
    def proposed(self) -> int:
        """What of the receipt the proposal uses."""
        return sum(item.cash for item in self.items)


#: Where a reason of the engine names another receipt.
_NAMED = re.compile(r"(?:receipt|payment) (\S*[:\d]\S*?)[:,]?(?=[ ;]|$)")
_RECEIPT = (
    "receipt_id",
    "entity_id",
    "booked_on",
    "value_on",
    "kind",
    "origin",
    "account",
    "payer_name",
    "payer_account",
    "end_to_end_id",
    "returns_receipt_id",
    "amount",
    "unapplied",
    "currency",
    "customer_id",
)
_ITEM = (
    "item_id",
    "entity_id",
    "number",
    "kind",
    "customer_id",
    "issued_on",
    "due_on",
    "amount",
    "open",
    "currency",
    "discount_on",
    "discount_amount",
    *REFERENCES,
)


def show_desk(viewing: Viewing, receipt_id: str, ready: bool | None = None) -> Desk | None:
    """A receipt with all that a decision needs; None where there is none that the actor may see.

    `ready`: whether its proposal is ready to be confirmed, where the queue has said so already.
    """
    viewing = Viewing(viewing.actor, viewing.actor.entities, viewing.today)
    found = viewing.facts(Receipt).filter(receipt_id=receipt_id).values(*_RECEIPT, "remittance").first()
    if found is None:
        return None
    proposal, lines = _proposal(viewing, receipt_id)
    people = _candidates(viewing, found, proposal, lines)
    text = found.pop("remittance") or ""
    items = _items(viewing, found, [person.customer_id for person in people], lines)
    proposed = [line.item_id for line in lines]
    quotes = desk_quotes(text, map(vars, items), proposed)
    beside = desk_quotes(found["end_to_end_id"] or "", map(vars, items), proposed)
    shown = proposal is not None and proposal.decision != "none" and found["unapplied"] != 0
    listed = _marked(items, quotes, beside, found["currency"])[:ITEMS_MAX]
    habit = desk_habit(viewing, found | {"remittance": text}, items, people[0].customer_id if people else None)
    return Desk(
        **found,
        text=_segments(text, quotes.spans),
        reference=_segments(found["end_to_end_id"] or "", beside.spans),
        proposal=_told(viewing, proposal, ready) if proposal is not None and shown else None,
        why_none=proposal.reason if proposal is not None and not shown else "",
        none_rule=proposal.rule if proposal is not None and not shown else "",
        candidates=people,
        items=listed,
        ways=_ways(listed, found, habit),
        more_items=len(items) > ITEMS_MAX,
        may_accept=viewing.actor.may("accept_match", found["entity_id"], found["unapplied"]).ok,
        habit=habit,
    )


def find_for_desk(viewing: Viewing, receipt_id: str, text: str) -> list[DeskItem]:
    """Open items of any customer that fit a number, an amount or a customer's name or account.

    Those of the receipt's entity first, then of the others in which the actor may match, in the receipt's currency
    only; an empty list where nothing fits or the receipt is not seen.
    """
    viewing = Viewing(viewing.actor, viewing.actor.entities, viewing.today)
    found = viewing.facts(Receipt).filter(receipt_id=receipt_id).values(*_RECEIPT).first()
    if found is None or len(text.strip()) < 2:
        return []
    home, actor = found["entity_id"], viewing.actor
    listed = _found_in(viewing.of([home]), text, found)
    others = [one for one in viewing.entity_ids if one != home and actor.may("accept_match", one).ok]
    if others and found["unapplied"] > 0:
        listed += [item for item in _found_in(viewing.of(others), text, found) if item.currency == found["currency"]]
    return listed[:ITEMS_MAX]


def _found_in(viewing: Viewing, text: str, receipt: Mapping[str, Any]) -> list[DeskItem]:
    """What fits a text in some entities: what it names first, then what else the customers have open."""
    hits = [hit.item_id for hit in find_items(viewing, text)]
    people = viewing.facts(Customer).filter(
        Q(name__icontains=text.strip()) | Q(customer_id__iendswith=f":{text.strip()}")
    )
    ids = list(people.order_by("name").values_list("customer_id", flat=True)[:_CUSTOMERS_MAX])
    rows = viewing.facts(Item).filter(Q(item_id__in=hits) | Q(customer_id__in=ids)).exclude(open=0)
    listed = list(rows.order_by("due_on", "item_id").values(*_ITEM)[:ITEMS_MAX])
    names = _names(viewing, {row["customer_id"] for row in listed})
    made = [DeskItem(**row, customer_name=names.get(row["customer_id"], row["customer_id"])) for row in listed]
    own = receipt["currency"]
    return sorted(_priced(made, receipt), key=lambda item: (item.item_id not in hits, item.currency != own))


def _proposal(viewing: Viewing, receipt_id: str) -> tuple[Proposal | None, list[ProposalLine]]:
    rows = viewing.rows(Proposal).filter(receipt_id=receipt_id, state=Proposal.State.OPEN)
    # What is proposed of another entity's items stands beside the reason that people without rights there read.
    proposal = max(rows, key=lambda row: (row.decision != "none", row.pk), default=None)
    lines = [] if proposal is None else list(ProposalLine.objects.filter(proposal=proposal).order_by("id"))
    return proposal, lines


def _told(viewing: Viewing, proposal: Proposal, ready: bool | None) -> DeskProposal:
    if ready is None:
        ready = Proposal.objects.filter(is_ready([proposal.entity_id]), pk=proposal.pk).exists()
    return DeskProposal(
        proposal.pk,
        proposal.rule,
        proposal.reason,
        proposal.confidence,
        proposal.alternatives,
        ready,
        proposal.first_signed_by_id is not None,
        _named(viewing, proposal.reason),
    )


def _named(viewing: Viewing, reason: str) -> dict[str, date]:
    """The receipts that a reason names, with their days: nobody knows a receipt by its id."""
    ids = _NAMED.findall(reason)
    return dict(viewing.facts(Receipt).filter(receipt_id__in=ids).values_list("receipt_id", "booked_on")) if ids else {}


def _candidates(
    viewing: Viewing, receipt: dict[str, Any], proposal: Proposal | None, lines: Sequence[ProposalLine]
) -> list[Candidate]:
    """Whose money it may be, the likeliest first."""
    found: dict[str, str] = {}
    if proposal is not None and proposal.customer_id:
        found[proposal.customer_id] = "proposed"
    items = viewing.facts(Item).filter(item_id__in=[line.item_id for line in lines])
    for customer_id in items.order_by("item_id").values_list("customer_id", flat=True):
        found.setdefault(customer_id, "proposed")
    if receipt["customer_id"]:
        found.setdefault(receipt["customer_id"], "account")
    own = viewing.of([receipt["entity_id"]])
    # For whose account it is paid says more than who pays.
    meant = (receipt["remittance"] or "").partition(ON_ACCOUNT_OF)[2]
    for kind, value in (("name", meant), ("iban", receipt["payer_account"]), ("name", receipt["payer_name"])):
        for customer_id in _known(own, kind, value):
            found.setdefault(customer_id, kind)
    links = own.facts(CustomerLink).filter(role="payer", other_id__in=list(found)).order_by("customer_id")
    for customer_id in links.values_list("customer_id", flat=True)[:_CUSTOMERS_MAX]:
        found.setdefault(customer_id, "group")
    names = _names(own, found)
    kept = [
        Candidate(customer_id, names[customer_id], why) for customer_id, why in found.items() if customer_id in names
    ]
    return kept[:_CUSTOMERS_MAX]


def _known(viewing: Viewing, kind: str, value: str | None) -> list[str]:
    """Customers known by an IBAN, or of that very name; those whose items money from the same account paid before."""
    if not value:
        return []
    aliases = viewing.facts(PayerAlias).filter(kind=kind, value=value).order_by("customer_id")
    known = list(aliases.values_list("customer_id", flat=True)[:_CUSTOMERS_MAX])
    if kind == "name":
        named = viewing.facts(Customer).filter(name__iexact=value).order_by("customer_id")
        known += list(named.values_list("customer_id", flat=True)[:_CUSTOMERS_MAX])
    return known if kind == "name" else known + _paid_for(viewing, value)


def _paid_for(viewing: Viewing, account: str) -> list[str]:
    """Whose items the latest money from an account paid, the one paid last first."""
    sent = viewing.facts(Receipt).filter(payer_account=account).order_by("-booked_on", "-receipt_id")
    places = {one: place for place, one in enumerate(sent.values_list("receipt_id", flat=True)[:_EARLIER])}
    paid = viewing.facts(Allocation).filter(receipt_id__in=list(places), kind="cash", reversed_on=None)
    receipt_of: dict[str, str] = {}
    for item_id, receipt_id in paid.values_list("item_id", "receipt_id"):
        receipt_of[item_id] = min(receipt_of.get(item_id, receipt_id), receipt_id, key=lambda one: places[one])
    owners = viewing.facts(Item).filter(item_id__in=list(receipt_of)).values_list("item_id", "customer_id")
    named = sorted(owners, key=lambda row: (places[receipt_of[row[0]]], row[1]))
    return list(dict.fromkeys(customer_id for _, customer_id in named))[:_CUSTOMERS_MAX]


def _names(viewing: Viewing, ids: Iterable[str]) -> dict[str, str]:
    rows = viewing.facts(Customer).filter(customer_id__in=list(ids))
    return dict(rows.values_list("customer_id", "name"))


def _items(
    viewing: Viewing, receipt: dict[str, Any], customer_ids: Sequence[str], lines: Sequence[ProposalLine]
) -> list[DeskItem]:
    """What is open of the candidates, the proposed items first, then the oldest due; a returned payment's items too."""
    proposed = {line.item_id for line in lines}
    own = Q(customer_id__in=customer_ids, entity_id=receipt["entity_id"]) & ~Q(open=0)
    rows = viewing.facts(Item).filter(Q(item_id__in=proposed) | own)
    listed = list(rows.order_by("due_on", "item_id").values(*_ITEM)[: ITEMS_MAX * 4])
    names = _names(viewing, {row["customer_id"] for row in listed})
    cash: dict[str, int] = {}
    less: dict[str, tuple[int, str]] = {}
    for line in lines:
        if line.kind == "cash":
            cash[line.item_id] = cash.get(line.item_id, 0) + line.amount
        else:
            less[line.item_id] = (less.get(line.item_id, (0, ""))[0] + line.amount, line.kind)
    made = [
        DeskItem(
            **row,
            customer_name=names.get(row["customer_id"], row["customer_id"]),
            cash=cash.get(row["item_id"], 0),
            deducted=less.get(row["item_id"], (0, ""))[0],
            deducted_as=less.get(row["item_id"], (0, ""))[1],
        )
        for row in listed
    ]
    place = {customer_id: number for number, customer_id in enumerate(customer_ids)}
    made.sort(key=lambda item: (not item.is_proposed, place.get(item.customer_id, len(place))))
    return _priced(made, receipt)


def _priced(items: list[DeskItem], receipt: Mapping[str, Any]) -> list[DeskItem]:
    """The items of other currencies with the rate at which the receipt's money is held against them."""
    day, own = receipt["value_on"] or receipt["booked_on"], receipt["currency"]
    rates = {other: unit_rate(own, other, day) for other in sorted({item.currency for item in items} - {own})}
    return [replace(item, rate=rates[item.currency]) if item.currency in rates else item for item in items]


def _ways(items: Sequence[DeskItem], receipt: Mapping[str, Any], habit: DeskHabit | None) -> list[Way]:
    """Sets of the listed items that make up the money, but for the one that the desk begins with; quoted ones first,
    of those that are quoted alike what the customer usually pays at once."""
    day, money = receipt["value_on"] or receipt["booked_on"], receipt["unapplied"]
    if money <= 0:
        return []
    by_id = {
        item.item_id: item
        for item in items
        if item.currency == receipt["currency"] and item.entity_id == receipt["entity_id"]
    }
    parts = [Part(n.item_id, n.customer_id, n.due_on, n.open, _discount(n, day)) for n in by_id.values()]
    begun = {item.item_id for item in items if item.is_chosen}
    found = []
    for ids in ways(parts, money, 10 * _WAYS_MAX):
        if set(ids) != begun:
            own = tuple(by_id[one] for one in ids)
            total = sum(item.open for item in own)
            found.append(Way(own, total, total - money))

    def doubt(way: Way) -> tuple[float, float]:
        usual = habit.share_of([item.item_id for item in way.items]) if habit else 0.0
        return -sum(item.quoted for item in way.items) / len(way.items), -usual

    return sorted(found, key=doubt)[:_WAYS_MAX]


def _discount(item: DeskItem, day: date) -> int:
    """What the payer may take off an item that is open whole, by its own terms."""
    in_time = item.discount_on is not None and day <= item.discount_on and item.open == item.amount
    return (item.discount_amount or 0) if in_time else 0


def _segments(text: str, spans: Sequence[tuple[int, int]]) -> list[Segment]:
    parts, at = [], 0
    for start, end in spans:
        parts += [Segment(text[at:start], False), Segment(text[start:end], True)]
        at = end
    parts.append(Segment(text[at:], False))
    return [part for part in parts if part.text]


def _marked(items: list[DeskItem], quotes: Quotes, beside: Quotes, currency: str) -> list[DeskItem]:
    """The items with those marked that the text names, and those chosen that the desk begins with; chosen first.

    An order that is named may have many invoices: only a number of its own chooses an item.
    """
    named, numbered = quotes.named | beside.named, quotes.numbered
    is_proposed = any(item.is_proposed for item in items)
    begun = [
        replace(
            item,
            quoted=item.item_id in named,
            is_chosen=item.is_proposed if is_proposed else item.item_id in numbered and item.currency == currency,
        )
        for item in items
    ]
    return sorted(begun, key=lambda item: (not item.is_chosen, not item.quoted))
