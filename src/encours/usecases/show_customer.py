"""One customer: identity, balance at four levels, open items, history, payments, timeline, contacts, notes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Q

from encours.core.base import balance
from encours.core.base.opt_outs import refused
from encours.store.models import (
    Allocation,
    Contact,
    Customer,
    CustomerLink,
    CustomerPosition,
    Entity,
    Item,
    Note,
    Receipt,
)
from encours.usecases.customer_timeline import KINDS, Happening, customer_timeline
from encours.usecases.past_positions import past_positions, read_past
from encours.usecases.payment_habit import Expected, Habit, expected_by, expected_of, habit_of
from encours.usecases.positions import Position, from_records, positions_of
from encours.usecases.viewing import Viewing

#: Links that make a paying or risk group.
_GROUP_ROLES = ("legal_parent", "risk_group", "payer")
TABS = ("open", "history", "payments", "timeline", "chasing", "contacts")
LEVELS = ("account", "site", "siren", "group")
_ROWS = 200

#: Tabs beside which it is worked out what the customer pays at once and how it quotes.
_MONEY_TABS = ("open", "history", "payments")


@dataclass(frozen=True)
class Identity:
    """Who the customer is."""

    customer_id: str
    entity_id: str
    entity_name: str
    account: str
    party_id: str | None
    name: str
    kind: str
    legal_id: str | None
    vat_id: str | None
    country: str | None
    language: str | None
    segment: str | None
    strategy: str | None
    collector: str | None
    sales_owner: str | None
    credit_limit: int | None
    currency: str


@dataclass(frozen=True)
class ItemRow:
    """An item of the customer; `open` and `late_days` on the page's day, of a settled one on the day it was settled."""

    item_id: str
    customer_id: str
    number: str
    part: str | None
    kind: str
    issued_on: date
    due_on: date
    amount: int
    open: int
    currency: str
    label: str | None
    late_days: int
    settled_on: date | None = None
    expected: Expected | None = None  # of what is open and owed, on today's page


@dataclass(frozen=True)
class ReceiptRow:
    """Money of the customer."""

    receipt_id: str
    booked_on: date
    kind: str
    origin: str
    payer_name: str | None
    remittance: str | None
    amount: int
    unapplied: int
    currency: str


@dataclass(frozen=True)
class ContactRow:
    """A person or mailbox; `refused`: channels that it does not want."""

    contact_id: str
    name: str | None
    role: str
    email: str | None
    phone: str | None
    address: str | None
    language: str | None
    refused: tuple[str, ...]
    bounced_on: date | None


@dataclass(frozen=True)
class NoteRow:
    """What somebody wrote."""

    author: str
    written_at: Any
    text: str


@dataclass(frozen=True)
class Member:
    """One account of the level that is shown."""

    customer_id: str
    name: str
    entity_name: str
    role: str


@dataclass(frozen=True)
class CustomerPage:
    """The page with one tab's rows."""

    identity: Identity
    level: str
    levels: list[str]
    members: list[Member]
    positions: list[Position]
    tab: str
    items: list[ItemRow] = field(default_factory=list)
    receipts: list[ReceiptRow] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    more: bool = False
    may_write_note: bool = False
    may_comment: bool = False
    may_change_contacts: bool = False
    kind: str = ""
    habit: Habit | None = None

    @property
    def owed(self) -> bool:
        """Whether something is open that the customer owes."""
        return any(position.not_due > 0 or position.overdue > 0 for position in self.positions)

    @property
    def several(self) -> bool:
        """Whether the rows belong to more than one account."""
        return len(self.members) > 1


def show_customer(
    viewing: Viewing, customer_id: str, level: str = "", tab: str = "", kind: str = ""
) -> CustomerPage | None:
    """The page of a customer, its timeline narrowed to a kind; None where there is none that the actor may see."""
    viewing = viewing.every_entity()  # the address names the customer, whatever the switch says
    identity = _identity(viewing, customer_id)
    if identity is None:
        return None
    levels = _levels(viewing, identity)
    level = level if level in levels else "account"
    members = _members(viewing, identity, levels[level])
    ids = [member.customer_id for member in members]
    tab = tab if tab in TABS else "open"
    rows: dict[str, Any] = {}
    if tab in ("open", "history"):
        rows["items"] = _with_expected(viewing, _items(viewing, ids, tab))
    elif tab == "payments":
        rows["receipts"] = _receipts(viewing, ids)
    elif tab == "timeline":
        rows["happenings"] = customer_timeline(viewing, ids, kind)
    elif tab == "contacts":
        rows["contacts"] = _contacts(viewing, ids)
    rows["notes"] = _notes(viewing, ids) if tab == "contacts" else []
    cut = any(isinstance(part, list) and len(part) > _ROWS for part in rows.values())
    rows = {name: part[:_ROWS] for name, part in rows.items()}
    acts = {
        "may_write_note": "write_note",
        "may_comment": "write_comment",
        "may_change_contacts": "manage_contacts",
    }
    rows |= {name: viewing.actor.may(act, identity.entity_id).ok for name, act in acts.items()}
    positions = _positions(viewing, ids)
    habit = habit_of(viewing, customer_id, paying=tab in _MONEY_TABS)
    return CustomerPage(
        identity, level, list(levels), members, positions, tab, **rows, more=cut, habit=habit,
        kind=kind if kind in KINDS else "",
    )  # fmt: skip


def _with_expected(viewing: Viewing, rows: list[ItemRow]) -> list[ItemRow]:
    found = expected_of(viewing, [row.item_id for row in rows if row.open > 0])
    return [replace(row, expected=found.get(row.item_id)) for row in rows] if found else rows


def statement_items(viewing: Viewing, customer_id: str) -> tuple[Identity, list[Position], list[ItemRow]] | None:
    """Identity, balances and every open item of one account: what a statement prints."""
    viewing = viewing.every_entity()
    identity = _identity(viewing, customer_id)
    if identity is None:
        return None
    return identity, _positions(viewing, [customer_id]), _items(viewing, [customer_id], "open", None)


@dataclass(frozen=True)
class OpenItems:
    """Every open item of the accounts of a level, each as the page shows it; `accounts`: entity and name by id."""

    identity: Identity
    accounts: dict[str, tuple[str, str]]
    items: list[ItemRow]


def open_items(viewing: Viewing, customer_id: str, level: str = "") -> OpenItems | None:
    """All that is open on the page's day with what is expected of it; None where there is nobody to be seen."""
    viewing = viewing.every_entity()
    identity = _identity(viewing, customer_id)
    if identity is None:
        return None
    levels = _levels(viewing, identity)
    ids = levels.get(level, levels["account"])
    named = viewing.facts(Customer).filter(customer_id__in=ids).values_list("customer_id", "entity_id", "name")
    expected = expected_by(viewing, ids)
    rows = _items(viewing, ids, "open", None)
    told = [replace(row, expected=expected.get(row.item_id)) if row.open > 0 else row for row in rows]
    return OpenItems(identity, {account: (entity, name) for account, entity, name in named}, told)


def _identity(viewing: Viewing, customer_id: str) -> Identity | None:
    row = viewing.facts(Customer).filter(customer_id=customer_id).first()
    if row is None:
        return None
    entity = Entity.objects.get(pk=row.entity_id)
    return Identity(
        customer_id=row.customer_id,
        entity_id=row.entity_id,
        entity_name=entity.name,
        account=row.customer_id.removeprefix(f"{row.entity_id}:"),
        party_id=row.party_id,
        name=row.name,
        kind=row.kind,
        legal_id=row.legal_id,
        vat_id=row.vat_id,
        country=row.country,
        language=row.language,
        segment=row.segment,
        strategy=row.strategy,
        collector=row.collector,
        sales_owner=row.sales_owner,
        credit_limit=row.credit_limit,
        currency=entity.currency,
    )


def _levels(viewing: Viewing, identity: Identity) -> dict[str, list[str]]:
    """Level -> the accounts on it; only levels that show more than the account itself."""
    own = identity.customer_id
    levels = {"account": [own]}
    links = viewing.facts(CustomerLink).filter(Q(customer_id=own) | Q(other_id=own))
    pairs = list(links.values_list("customer_id", "other_id", "role"))
    sites = [low for low, high, role in pairs if role == "site" and high == own]
    if sites:
        levels["site"] = [own, *sites]
    if identity.party_id:
        same = viewing.facts(Customer).filter(party_id=identity.party_id).values_list("customer_id", flat=True)
        if len(found := list(same)) > 1:
            levels["siren"] = found
    head = next((high for low, high, role in pairs if role in _GROUP_ROLES and low == own), own)
    below = [low for low, high, role in pairs if role in _GROUP_ROLES and high == own]
    if head != own:
        group = viewing.facts(CustomerLink).filter(other_id=head, role__in=_GROUP_ROLES)
        below = list(group.values_list("customer_id", flat=True))
    members = {own, head, *below}
    if len(members) > 1:
        levels["group"] = sorted(members)
    return levels


def _members(viewing: Viewing, identity: Identity, ids: list[str]) -> list[Member]:
    if ids == [identity.customer_id]:
        return [Member(identity.customer_id, identity.name, identity.entity_name, "")]
    names = dict(viewing.rows(Entity).values_list("entity_id", "name"))
    rows = viewing.facts(Customer).filter(customer_id__in=ids).order_by("name")
    return [
        Member(customer_id, name, names.get(entity_id, entity_id), "")
        for customer_id, name, entity_id in rows.values_list("customer_id", "name", "entity_id")
    ]


def _positions(viewing: Viewing, ids: list[str]) -> list[Position]:
    if viewing.is_past:
        rows = past_positions(viewing).filter(pl.col("customer_id").is_in(ids))
        return _summed(from_records(rows.to_dicts()))
    return _summed(positions_of(viewing.rows(CustomerPosition).filter(customer_id__in=ids)))


def _summed(rows: list[Position]) -> list[Position]:
    """One position a currency: sums of amounts, the oldest due date, no DSO over several accounts."""
    found: dict[str, list[Position]] = {}
    for row in rows:
        found.setdefault(row.currency, []).append(row)
    added = ("balance", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "overdue", "credits", "unapplied")
    summed = []
    for part in found.values():
        if len(part) == 1:
            summed += part
            continue
        limits = [row.credit_limit for row in part if row.credit_limit is not None]
        values: dict[str, Any] = {name: getattr(part[0], name) for name in Position.__dataclass_fields__}
        values |= {name: sum(getattr(row, name) for row in part) for name in (*added, "exposure")}
        values |= {
            "oldest_due_on": min((row.oldest_due_on for row in part if row.oldest_due_on), default=None),
            "last_receipt_on": max((row.last_receipt_on for row in part if row.last_receipt_on), default=None),
            "dso_days": None,
            "open_items": sum(row.open_items for row in part),
            "credit_limit": sum(limits) if limits else None,
        }
        summed.append(Position(**values))
    return sorted(summed, key=lambda row: -row.balance)


#: What an ItemRow takes of an item.
ITEM_COLUMNS = (
    "item_id",
    "customer_id",
    "number",
    "part",
    "kind",
    "issued_on",
    "due_on",
    "amount",
    "open",
    "currency",
    "label",
)


def _items(viewing: Viewing, ids: list[str], tab: str, limit: int | None = _ROWS + 1) -> list[ItemRow]:
    if viewing.is_past:
        rows = _past_items(viewing, ids, tab).head(limit or 1_000_000).rows()
    else:
        facts = viewing.facts(Item).filter(customer_id__in=ids)
        chosen = (
            facts.exclude(open=0).order_by("due_on", "number")
            if tab == "open"
            else facts.filter(open=0).order_by("-due_on", "number")
        )
        rows = list(chosen.values_list(*ITEM_COLUMNS)[:limit])
    settled = {} if tab == "open" else _settled_on(viewing, [row[0] for row in rows])
    ends = [settled.get(row[0]) for row in rows]
    late = [max(0, ((end or viewing.day) - row[6]).days) for row, end in zip(rows, ends, strict=True)]
    return [ItemRow(*(*row, days, end)) for row, days, end in zip(rows, late, ends, strict=True)]


def _settled_on(viewing: Viewing, item_ids: list[str]) -> dict[str, date]:
    """The day of the last allocation of each item, or of the credit note's last use."""
    among = Q(item_id__in=item_ids) | Q(credit_item_id__in=item_ids)
    standing = viewing.facts(Allocation).filter(among, reversed_on__isnull=True, allocated_on__lte=viewing.day)
    found: dict[str, date] = {}
    for item_id, credit_id, day in standing.values_list("item_id", "credit_item_id", "allocated_on"):
        for one in filter(None, (item_id, credit_id)):
            found[one] = max(day, found.get(one, day))
    return found


def _past_items(viewing: Viewing, ids: list[str], tab: str) -> pl.DataFrame:
    items = read_past("items", viewing, lambda rows: rows.filter(pl.col("customer_id").is_in(ids))).collect()
    wanted = items["item_id"].implode()
    mine = pl.col("item_id").is_in(wanted) | pl.col("credit_item_id").is_in(wanted)
    allocations = read_past("allocations", viewing, lambda rows: rows.filter(mine))
    open_rows = balance.with_open(items.lazy(), allocations).select(ITEM_COLUMNS)
    if tab == "open":
        return open_rows.filter(pl.col("open") != 0).sort("due_on", "number").collect()
    return open_rows.filter(pl.col("open") == 0).sort("due_on", "number", descending=[True, False]).collect()


_RECEIPT = ("receipt_id", "booked_on", "kind", "origin", "payer_name", "remittance", "amount", "unapplied", "currency")


def _receipts(viewing: Viewing, ids: list[str]) -> list[ReceiptRow]:
    if viewing.is_past:
        rows = read_past("receipts", viewing, lambda rows: rows.filter(pl.col("customer_id").is_in(ids))).collect()
        wanted = rows["receipt_id"].implode()
        used = read_past("allocations", viewing, lambda part: part.filter(pl.col("receipt_id").is_in(wanted)))
        past = balance.with_unapplied(rows.lazy(), used).select(_RECEIPT).sort("booked_on", descending=True)
        return [ReceiptRow(*row) for row in past.head(_ROWS + 1).collect().rows()]
    facts = viewing.facts(Receipt).filter(customer_id__in=ids).order_by("-booked_on", "receipt_id")
    return [ReceiptRow(*row) for row in facts.values_list(*_RECEIPT)[: _ROWS + 1]]


def _contacts(viewing: Viewing, ids: list[str]) -> list[ContactRow]:
    rows = viewing.facts(Contact).filter(customer_id__in=ids).order_by("role", "name")
    columns = ("contact_id", "name", "role", "email", "phone", "address", "language", "bounced_on")
    found = rows.values(*columns, "opt_out")[: _ROWS + 1]
    return [ContactRow(refused=refused(row.pop("opt_out")), **row) for row in found]


def _notes(viewing: Viewing, ids: list[str]) -> list[NoteRow]:
    rows = viewing.rows(Note).filter(customer_id__in=ids).select_related("user").order_by("-written_at")[:50]
    return [NoteRow(row.user.get_full_name() or row.user.email, row.written_at, row.text) for row in rows]
