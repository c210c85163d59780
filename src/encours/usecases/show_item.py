"""One item and its life: issued, due, what settled it, its papers, where it came from."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q

from encours.core.base import balance
from encours.core.terms.interest import Interest
from encours.store.models import (
    Allocation,
    Customer,
    Dispute,
    Document,
    ImportFile,
    Instrument,
    InstrumentItem,
    Item,
    Receipt,
)
from encours.usecases.past_positions import read_past
from encours.usecases.payment_habit import Expected, expected_of
from encours.usecases.reference_rates import claimable
from encours.usecases.viewing import Viewing

_LARGEST_DOCUMENT = 50_000_000


@dataclass(frozen=True)
class AllocationRow:
    """What settles the item, or what the credit note settles."""

    allocation_id: str
    receipt_id: str | None
    other_item_id: str | None
    other_number: str | None
    payer: str | None
    amount: int
    kind: str
    allocated_on: date
    reversed_on: date | None
    source: str


@dataclass(frozen=True)
class Version:
    """The item as it was known from a day on, and the line it came from."""

    known_on: date | None
    amount: int
    due_on: date
    file_name: str | None
    import_id: int | None
    line: int | None
    voided: bool


@dataclass(frozen=True)
class Paper:
    """A document of the item."""

    document_id: str
    kind: str
    name: str


@dataclass(frozen=True)
class DisputeRow:
    """A claim against the item."""

    amount: int
    reason: str
    opened_on: date
    closed_on: date | None
    outcome: str | None


@dataclass(frozen=True)
class Draft:
    """A draft, cheque or direct debit that covers the item."""

    kind: str
    state: str | None
    due_on: date
    amount: int


@dataclass(frozen=True)
class ItemPage:
    """The page."""

    item_id: str
    entity_id: str
    customer_id: str
    customer_name: str
    number: str
    part: str | None
    kind: str
    issued_on: date
    due_on: date
    amount: int
    open: int
    currency: str
    ledger_account: str | None
    payment_method: str | None
    payment_reference: str | None
    order_ref: str | None
    purchase_order: str | None
    delivery_ref: str | None
    label: str | None
    posted_on: date | None
    discount_on: date | None
    discount_amount: int | None
    late_days: int
    allocations: list[AllocationRow]
    versions: list[Version]
    documents: list[Paper]
    disputes: list[DisputeRow]
    drafts: list[Draft]
    claim: Interest | None = None
    expected: Expected | None = None

    @property
    def settled_on(self) -> date | None:
        """The day the last allocation closed it; none while something is open."""
        days = [row.allocated_on for row in self.allocations if row.reversed_on is None]
        return max(days) if days and self.open == 0 else None


_COLUMNS = (
    "item_id",
    "entity_id",
    "customer_id",
    "number",
    "part",
    "kind",
    "issued_on",
    "due_on",
    "amount",
    "open",
    "currency",
    "ledger_account",
    "payment_method",
    "payment_reference",
    "order_ref",
    "purchase_order",
    "delivery_ref",
    "label",
    "posted_on",
    "discount_on",
    "discount_amount",
)


def show_item(viewing: Viewing, item_id: str) -> ItemPage | None:
    """The page of an item; None where there is none that the actor may see on this day."""
    viewing = viewing.every_entity()
    facts = viewing.facts(Item).filter(item_id=item_id).values(*_COLUMNS).first()
    if facts is None:
        return None
    if viewing.is_past:
        past = _past_facts(viewing, item_id)
        if past is None:
            return None
        facts |= past
    customers = viewing.facts(Customer).filter(customer_id=facts["customer_id"])
    name, kind = customers.values_list("name", "kind").first() or (None, None)
    allocations = _allocations(viewing, item_id)
    late = max(0, (viewing.day - facts["due_on"]).days) if facts["open"] else 0
    return ItemPage(
        **facts,
        customer_name=name or facts["customer_id"],
        late_days=late,
        allocations=allocations,
        versions=_versions(viewing, item_id),
        documents=_documents(viewing, item_id),
        disputes=[
            DisputeRow(row.amount, row.reason, row.opened_on, row.closed_on, row.outcome)
            for row in viewing.facts(Dispute).filter(item_id=item_id, opened_on__lte=viewing.day).order_by("opened_on")
        ],
        drafts=_drafts(viewing, item_id),
        claim=_claim(viewing, facts, kind, allocations),
        expected=expected_of(viewing, [item_id]).get(item_id) if facts["open"] > 0 else None,
    )


def _claim(
    viewing: Viewing, facts: dict[str, Any], customer_kind: str | None, allocations: list[AllocationRow]
) -> Interest | None:
    """What the law lets us claim for the delay so far, of invoices in euro that are still open."""
    if facts["kind"] != "invoice" or facts["currency"] != "EUR" or facts["open"] <= 0:
        return None
    paid = [(row.allocated_on, row.amount) for row in allocations if row.reversed_on is None and row.amount > 0]
    return claimable(facts["entity_id"], customer_kind, facts["amount"], facts["due_on"], viewing.day, paid)


def _past_facts(viewing: Viewing, item_id: str) -> dict[str, object] | None:
    item = read_past("items", viewing, lambda rows: rows.filter(pl.col("item_id") == item_id)).collect()
    if item.is_empty():
        return None
    mine = (pl.col("item_id") == item_id) | (pl.col("credit_item_id") == item_id)
    allocations = read_past("allocations", viewing, lambda rows: rows.filter(mine))
    row = balance.with_open(item.lazy(), allocations).collect().to_dicts()[0]
    return {name: row[name] for name in _COLUMNS if name in row}


def _allocations(viewing: Viewing, item_id: str) -> list[AllocationRow]:
    """Standing and reversed allocations dated up to the page's day; a credit note shows what it was set against."""
    rows = list(
        viewing.facts(Allocation)
        .filter(Q(item_id=item_id) | Q(credit_item_id=item_id), allocated_on__lte=viewing.day)
        .order_by("allocated_on", "id")[:500]
    )
    receipts = {row.receipt_id for row in rows if row.receipt_id}
    others = {row.item_id if row.credit_item_id == item_id else row.credit_item_id for row in rows} - {None, item_id}
    payers = dict(
        viewing.facts(Receipt).filter(receipt_id__in=receipts).values_list("receipt_id", "payer_name")
        if receipts
        else []
    )
    numbers = dict(viewing.facts(Item).filter(item_id__in=others).values_list("item_id", "number") if others else [])
    found = []
    for row in rows:
        turned = row.credit_item_id == item_id
        other = row.item_id if turned else row.credit_item_id
        reversed_on = row.reversed_on if row.reversed_on and row.reversed_on <= viewing.day else None
        found.append(
            AllocationRow(
                row.allocation_id,
                row.receipt_id if row.receipt_id in payers else None,
                other if other in numbers else None,
                numbers.get(other or ""),
                payers.get(row.receipt_id or ""),
                -row.amount if turned else row.amount,
                row.kind,
                row.allocated_on,
                reversed_on,
                _settled_by(row.source),
            )
        )
    return found


def _settled_by(source: str) -> str:
    """Who said so: a person here (`here`), the ledger, a list of open items, the invoice itself, else the source."""
    known = {"encours:": "here", "fec": "ledger", "snapshot:": "list", "open_amount": "list", "prepaid": "invoice"}
    return next((word for start, word in known.items() if source.startswith(start)), source)


def _versions(viewing: Viewing, item_id: str) -> list[Version]:
    rows = list(viewing.rows(Item).filter(item_id=item_id).order_by("known_on", "id")[:50])
    files = dict(
        ImportFile.objects.filter(pk__in={row.file_id for row in rows if row.file_id}).values_list("pk", "name")
    )
    return [
        Version(
            row.known_on, row.amount, row.due_on, files.get(row.file_id or 0), row.import_id, row.line, bool(row.voided)
        )
        for row in rows
    ]


def _documents(viewing: Viewing, item_id: str) -> list[Paper]:
    rows = viewing.facts(Document).filter(item_id=item_id).values_list("document_id", "kind", "path")
    return [Paper(document_id, kind, path.rsplit("/", 1)[-1]) for document_id, kind, path in rows]


def _drafts(viewing: Viewing, item_id: str) -> list[Draft]:
    amounts = dict(viewing.facts(InstrumentItem).filter(item_id=item_id).values_list("instrument_id", "amount"))
    rows = viewing.facts(Instrument).filter(instrument_id__in=list(amounts)) if amounts else []
    return [Draft(row.kind, row.state, row.due_on, amounts[row.instrument_id]) for row in rows]


def read_document(viewing: Viewing, document_id: str) -> tuple[str, bytes] | None:
    """(file name, content) of a document that the actor may see, out of the files as they were imported.

    A document inside an archive is taken out of it. None where there is none, or its content is no longer what it was.
    """
    found = viewing.every_entity().facts(Document).filter(document_id=document_id).values("path", "sha256", "file_id")
    document = found.first()
    if document is None:
        return None
    name = PurePath(document["path"]).name
    home = Path(settings.HOME)
    same = ImportFile.objects.filter(sha256=document["sha256"]).values_list("path", flat=True).first()
    outer = ImportFile.objects.filter(pk=document["file_id"]).values_list("path", flat=True).first()
    for content in (_content(home, same), _member(home, outer, document["path"])):
        if content is not None and hashlib.sha256(content).hexdigest() == document["sha256"]:
            return name, content
    return None


def _content(home: Path, path: str | None) -> bytes | None:
    whole = (home / path).resolve() if path else None
    inside = whole is not None and whole.is_relative_to(home.resolve()) and whole.is_file()
    return whole.read_bytes() if whole is not None and inside else None


def _member(home: Path, path: str | None, name: str) -> bytes | None:
    archive = home / path if path else None
    if archive is None or not archive.is_file() or not zipfile.is_zipfile(archive):
        return None
    with zipfile.ZipFile(archive) as opened:
        entry = next((entry for entry in opened.infolist() if name.endswith(entry.filename)), None)
        return opened.read(entry) if entry is not None and entry.file_size <= _LARGEST_DOCUMENT else None
