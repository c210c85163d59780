"""Receipts: lines of the bank and the ledger with their state and what is proposed for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Count, Q, Sum

from encours.store.models import Allocation, Customer, Decision, Item, Proposal, ProposalLine, Receipt
from encours.usecases.past_receipts import free_receipts, past_page
from encours.usecases.viewing import Viewing

PAGE_ROWS = 60
STATES = ("unapplied", "proposed", "all")


@dataclass(frozen=True)
class Line:
    """What a proposal would settle."""

    item_id: str
    number: str
    amount: int
    kind: str
    due_on: date | None
    open: int | None


@dataclass(frozen=True)
class Proposed:
    """An open proposal, its reason in one sentence."""

    proposal_id: int
    customer_id: str | None
    customer_name: str
    rule: str
    confidence: float
    reason: str
    alternatives: int
    lines: list[Line]


@dataclass(frozen=True)
class ReceiptRow:
    """A receipt. Amounts in minor units of its currency."""

    receipt_id: str
    entity_id: str
    booked_on: date
    account: str
    kind: str
    origin: str
    customer_id: str | None
    payer_name: str | None
    payer_account: str | None
    remittance: str | None
    amount: int
    unapplied: int
    currency: str
    customer_name: str = ""
    proposal: Proposed | None = None
    undo_id: int | None = None  # the decision that applied it and may be undone
    may_accept: bool = False


@dataclass(frozen=True)
class ReceiptsPage:
    """One page of lines."""

    rows: list[ReceiptRow]
    state: str
    text: str
    page: int
    has_next: bool
    unapplied: list[tuple[str, int, int]] = field(default_factory=list)  # currency, how many, how much
    proposed: int = 0
    may_propose: bool = False
    empty_book: bool = False  # not a receipt, whatever the filters


@dataclass(frozen=True)
class AppliedRow:
    """What the receipt has settled; `item_id` "": an item of another entity that the viewer does not see."""

    item_id: str
    number: str
    amount: int
    kind: str
    allocated_on: date
    reversed_on: date | None
    source: str


@dataclass(frozen=True)
class DecisionRow:
    """Who decided what about it."""

    decision_id: int
    act: str
    by: str
    decided_at: datetime
    why: str
    undone: bool


@dataclass(frozen=True)
class ReceiptPage:
    """One receipt."""

    row: ReceiptRow
    value_on: date | None
    end_to_end_id: str | None
    returns_receipt_id: str | None
    applied: list[AppliedRow]
    decisions: list[DecisionRow]


_COLUMNS = (
    "receipt_id",
    "entity_id",
    "booked_on",
    "account",
    "kind",
    "origin",
    "customer_id",
    "payer_name",
    "payer_account",
    "remittance",
    "amount",
    "unapplied",
    "currency",
)


def show_receipts(viewing: Viewing, state: str = "", text: str = "", page: int = 1) -> ReceiptsPage:
    """A page of receipts, newest first; those with money unapplied by default."""
    state = state if state in STATES else STATES[0]
    page = max(1, page)
    if viewing.is_past:
        return _past_page(viewing, state, text, page)
    facts = viewing.facts(Receipt)
    waiting = facts.exclude(unapplied=0).exclude(kind="out")  # what we pay is nobody's receipt
    proposals = viewing.rows(Proposal).filter(state=Proposal.State.OPEN).exclude(decision="none")
    rows = waiting if state == "unapplied" else facts
    if state == "proposed":
        rows = waiting.filter(receipt_id__in=proposals.values("receipt_id"))
    if text:
        rows = rows.filter(Q(payer_name__icontains=text) | Q(remittance__icontains=text) | Q(payer_account=text))
    cut = rows.order_by("-booked_on", "-id")[(page - 1) * PAGE_ROWS : page * PAGE_ROWS + 1]
    found = [ReceiptRow(*row) for row in cut.values_list(*_COLUMNS)]
    sums = waiting.filter(amount__gt=0).order_by().values("currency")
    totals = sums.annotate(count=Count("id"), total=Sum("unapplied")).order_by("-total")
    return ReceiptsPage(
        rows=_dressed(viewing, found[:PAGE_ROWS]),
        state=state,
        text=text,
        page=page,
        has_next=len(found) > PAGE_ROWS,
        unapplied=[(row["currency"], row["count"], row["total"]) for row in totals],
        proposed=proposals.count(),
        may_propose=viewing.actor.may("accept_match", None).ok,
        empty_book=not found and not facts.exists(),
    )


def show_receipt(viewing: Viewing, receipt_id: str) -> ReceiptPage | None:
    """One receipt; None where there is none that the actor may see."""
    viewing = viewing.every_entity()
    facts = viewing.facts(Receipt).filter(receipt_id=receipt_id)
    if viewing.is_past:
        facts = facts.filter(booked_on__lte=viewing.day)
    more = ("value_on", "end_to_end_id", "returns_receipt_id")
    found = facts.values(*_COLUMNS, *more).first()
    if found is None:
        return None
    row = ReceiptRow(**{name: found[name] for name in _COLUMNS})
    applied = _applied(viewing, receipt_id)
    if viewing.is_past:
        used = sum(line.amount for line in applied if line.kind == "cash" and line.reversed_on is None)
        row = ReceiptRow(**{**_plain(row), "unapplied": row.amount - used})
    dressed = _dressed(viewing, [row])[0]
    return ReceiptPage(
        dressed, **{name: found[name] for name in more}, applied=applied, decisions=_decisions(viewing, receipt_id)
    )


def show_receipt_row(viewing: Viewing, receipt_id: str) -> ReceiptRow | None:
    """One line of the list, after it changed."""
    viewing = viewing.every_entity()
    row = viewing.facts(Receipt).filter(receipt_id=receipt_id).values_list(*_COLUMNS).first()
    return _dressed(viewing, [ReceiptRow(*row)])[0] if row else None


def receipt_of_proposal(viewing: Viewing, proposal_id: int) -> str | None:
    """The receipt that a proposal is about."""
    found: str | None = (
        viewing.every_entity().rows(Proposal).filter(pk=proposal_id).values_list("receipt_id", flat=True).first()
    )
    return found


def _plain(row: ReceiptRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ReceiptRow.__dataclass_fields__}


def _dressed(viewing: Viewing, rows: list[ReceiptRow]) -> list[ReceiptRow]:
    """The rows with customers' names, open proposals and what may be done: a fixed number of queries."""
    if not rows:
        return []
    ids = [row.receipt_id for row in rows]
    proposals = {} if viewing.is_past else _proposals(viewing, ids)
    undos = {} if viewing.is_past else _undoable(viewing, ids)
    wanted = {row.customer_id for row in rows if row.customer_id}
    names = _names(viewing, wanted | {p.customer_id for p in proposals.values() if p.customer_id})
    dressed = []
    for row in rows:
        proposal = proposals.get(row.receipt_id) if row.unapplied else None
        if proposal is not None:
            named = {**proposal.__dict__, "customer_name": names.get(proposal.customer_id or "", "")}
            proposal = Proposed(**named)
        dressed.append(
            ReceiptRow(
                **{
                    **_plain(row),
                    "customer_name": names.get(row.customer_id or "", ""),
                    "proposal": proposal,
                    "undo_id": undos.get(row.receipt_id),
                    "may_accept": viewing.actor.may("accept_match", row.entity_id, row.amount).ok,
                }
            )
        )
    return dressed


def _names(viewing: Viewing, ids: set[str]) -> dict[str, str]:
    rows = viewing.facts(Customer).filter(customer_id__in=ids) if ids else Customer.objects.none()
    return dict(rows.values_list("customer_id", "name"))


def _proposals(viewing: Viewing, receipt_ids: list[str]) -> dict[str, Proposed]:
    rows = viewing.rows(Proposal).filter(receipt_id__in=receipt_ids, state=Proposal.State.OPEN)
    kept = {row.pk: row for row in rows.exclude(decision="none").order_by("id")}
    lines = list(ProposalLine.objects.filter(proposal_id__in=list(kept)).order_by("id")) if kept else []
    items = {
        item["item_id"]: item
        for item in viewing.every_entity()
        .facts(Item)
        .filter(item_id__in={line.item_id for line in lines})
        .values("item_id", "number", "due_on", "open")
    }
    found: dict[str, Proposed] = {}
    for row in kept.values():
        own = [
            Line(
                line.item_id,
                items.get(line.item_id, {}).get("number", line.item_id),
                line.amount,
                line.kind,
                items.get(line.item_id, {}).get("due_on"),
                items.get(line.item_id, {}).get("open"),
            )
            for line in lines
            if line.proposal_id == row.pk
        ]
        found[row.receipt_id] = Proposed(
            row.pk, row.customer_id, "", row.rule, row.confidence, row.reason, row.alternatives, own
        )
    return found


def _undoable(viewing: Viewing, receipt_ids: list[str]) -> dict[str, int]:
    rows = viewing.rows(Decision).filter(subject_id__in=receipt_ids, act="accept_match", undone_by__isnull=True)
    return {
        subject: decision
        for decision, subject, entity, amount in rows.order_by("id").values_list(
            "id", "subject_id", "entity_id", "amount"
        )
        if viewing.actor.may("undo_match", entity, amount).ok
    }


def _applied(viewing: Viewing, receipt_id: str) -> list[AppliedRow]:
    rows = list(
        viewing.facts(Allocation)
        .filter(receipt_id=receipt_id, allocated_on__lte=viewing.day)
        .order_by("allocated_on", "id")[:500]
    )
    # The item may be another entity's: who sees that one reads its number, others only that it is elsewhere.
    seen = viewing.every_entity().facts(Item).filter(item_id__in={row.item_id for row in rows})
    numbers = dict(seen.values_list("item_id", "number"))
    return [
        AppliedRow(
            row.item_id if row.item_id in numbers else "",
            numbers.get(row.item_id, ""),
            row.receipt_amount if row.receipt_amount is not None and row.kind == "cash" else row.amount,
            row.kind,
            row.allocated_on,
            row.reversed_on if row.reversed_on and row.reversed_on <= viewing.day else None,
            row.source,
        )
        for row in rows
    ]


def _decisions(viewing: Viewing, receipt_id: str) -> list[DecisionRow]:
    rows = viewing.rows(Decision).filter(subject_id=receipt_id).select_related("user", "undone_by").order_by("id")
    return [
        DecisionRow(
            row.pk,
            row.act,
            (row.user.get_full_name() or row.user.email) if row.user else "",
            row.decided_at,
            row.why,
            hasattr(row, "undone_by"),
        )
        for row in rows
    ]


def _past_page(viewing: Viewing, state: str, text: str, page: int) -> ReceiptsPage:
    cut = past_page(viewing, _COLUMNS, state == "all", text, (page - 1) * PAGE_ROWS, PAGE_ROWS + 1).rows()
    incoming = free_receipts(viewing).filter(pl.col("amount") > 0)
    sums = incoming.group_by("currency").agg(pl.len(), pl.col("unapplied").sum()).sort("unapplied", descending=True)
    return ReceiptsPage(
        rows=_dressed(viewing, [ReceiptRow(*row) for row in cut[:PAGE_ROWS]]),
        state=state,
        text=text,
        page=page,
        has_next=len(cut) > PAGE_ROWS,
        unapplied=[(row[0], row[1], row[2]) for row in sums.rows()],
    )
