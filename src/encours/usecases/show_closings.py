"""Cadrage and arrêtés of the entities that a person sees whole: the accounts, what explains a gap, the months."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Count, Sum

from encours.core.base import versions
from encours.core.base.schema import TABLES
from encours.core.cadrage.tie import COLLECTIVE, DEFAULT
from encours.store import parquet
from encours.store.models import Closing, ClosingBalance, Customer, Entity, User
from encours.usecases.rights import NotAllowedError
from encours.usecases.tie_ledger import Cadrage, tie_ledger
from encours.usecases.viewing import Viewing

#: What a gap is made of: lists of Cadrage, in the order they are shown.
PARTS = ("bank_only", "ledger_only", "decided")
MAX_ENTITIES = 10
SHOWN_LINES = 50
SHOWN_MONTHS = 13
#: More ids than this in one question cost more than reading the entity's names at once.
MANY = 500


@dataclass(frozen=True)
class AccountRow:
    """A line of a cadrage. Minor units, debit positive; `ledger` and `gap` are None where the ledger is unknown."""

    account: str
    currency: str
    ledger: int | None
    decided: int
    encours: int
    gap: int | None


@dataclass(frozen=True)
class Line:
    """One receipt, or one settlement that the ERP has not booked, with the page that it links to."""

    subject: str  # receipt or item
    subject_id: str
    on: date
    label: str
    kind: str
    customer_id: str | None
    customer_name: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Explained:
    """One of PARTS: how many lines, how much per currency, the first of them."""

    part: str
    count: int
    totals: list[tuple[str, int]]
    rows: list[Line]


@dataclass(frozen=True)
class EntityCadrage:
    """The cadrage of one entity on the page's day."""

    entity_id: str
    name: str
    currency: str
    accounts: list[AccountRow]
    ledger_on: date | None
    ties: bool
    explained: list[Explained]
    may_enter: bool
    last_sealed: date | None

    @property
    def currencies(self) -> list[str]:
        """Currencies of the accounts: one is written once, several on each line."""
        return sorted({row.currency for row in self.accounts}) or [self.currency]

    @property
    def to_enter(self) -> list[tuple[str, str]]:
        """Account and currency of the balances that can be typed in."""
        known = {(row.account, row.currency) for row in self.accounts}
        usual = {(account, self.currency) for account in (DEFAULT, *COLLECTIVE) if len(account) == len(DEFAULT)}
        return sorted(known | usual, key=lambda pair: (pair[1], pair[0]))


@dataclass(frozen=True)
class MonthRow:
    """A month of the list: sealed, reopened, open, or running (not over yet)."""

    end: date
    state: str
    may_seal: bool = False
    closing_id: int | None = None
    sealed_at: datetime | None = None
    sealed_by: str = ""
    reopened_at: datetime | None = None
    reopened_by: str = ""
    digest: str = ""
    customers: int = 0
    totals: list[tuple[str, int]] = field(default_factory=list)
    why: str = ""


@dataclass(frozen=True)
class SealCheck:
    """What is looked at before a month is sealed; without a tie only for a reason."""

    end: date
    over: bool
    sealed: bool
    ties: bool
    ledger_on: date | None
    accounts: list[AccountRow]

    @property
    def ready(self) -> bool:
        """Whether the month can be sealed, with a reason where it does not tie."""
        return self.over and not self.sealed


@dataclass(frozen=True)
class ClosingsPage:
    """`months` and `check` for one entity only; of several, each block leads to its own page."""

    blocks: list[EntityCadrage]
    left_out: int  # entities beyond MAX_ENTITIES
    months: list[MonthRow] = field(default_factory=list)
    earlier: int = 0  # months that are not shown
    check: SealCheck | None = None

    @property
    def single(self) -> EntityCadrage | None:
        """The entity, where it is one."""
        return self.blocks[0] if len(self.blocks) == 1 and not self.left_out else None


def show_closings(viewing: Viewing, sealing: date | None = None, every_month: bool = False) -> ClosingsPage:
    """The cadrage of the chosen entities on the page's day; of a single one also its months.

    `sealing`: the month whose checks are wanted. Raises NotAllowedError where no chosen entity is seen whole.
    """
    wanted = whole_entities(viewing)
    if not wanted:
        raise NotAllowedError("see", None, "portfolio" if viewing.entity_ids else "no_role")
    shown = wanted[:MAX_ENTITIES]
    known = {row.pk: row for row in Entity.objects.filter(pk__in=shown)}
    sealed = _last_sealed(shown)
    with_rows = len(wanted) == 1
    blocks = [_block(viewing, known[entity_id], sealed.get(entity_id), with_rows) for entity_id in shown]
    if not with_rows:
        return ClosingsPage(blocks, len(wanted) - len(shown))
    months = _months(viewing, wanted[0])
    kept = months if every_month else months[:SHOWN_MONTHS]
    check = _check(viewing, wanted[0], sealing) if sealing and any(row.may_seal for row in months) else None
    return ClosingsPage(blocks, 0, kept, len(months) - len(kept), check)


def list_lines(viewing: Viewing, entity_id: str, part: str) -> list[Line]:
    """All lines of one of PARTS, on the page's day. Raises NotAllowedError."""
    found = tie_ledger(viewing.actor, entity_id, viewing.day, _reading(viewing))
    return _lines(found, part, _frame(found, part))


def whole_entities(viewing: Viewing) -> list[str]:
    """The chosen entities that no portfolio narrows, in order."""
    return [entity_id for entity_id in viewing.entity_ids if entity_id not in viewing.actor.portfolios]


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def account_rows(rows: Iterable[dict[str, Any]]) -> list[AccountRow]:
    """Lines of a cadrage out of rows of core.cadrage.tie.CADRAGE."""
    names = ("account", "currency", "ledger", "decided", "encours", "gap")
    found = [AccountRow(**{name: row[name] for name in names}) for row in rows]
    # An account that is nil on every side says nothing.
    return [row for row in found if row.ledger or row.decided or row.encours or row.gap]


def person(user: User | None) -> str:
    """How a person is named on a page; a job has no name."""
    return (user.get_full_name() or user.email) if user else ""


def customer_names(entity_id: str, ids: Iterable[str | None]) -> dict[str, str]:
    """Customer id -> name, of these customers of the entity at least."""
    wanted = {i for i in ids if i}
    rows = Customer.objects.filter(entity_id=entity_id, is_current=True)
    if len(wanted) <= MANY:
        rows = rows.filter(customer_id__in=wanted)
    return dict(rows.values_list("customer_id", "name"))


def _reading(viewing: Viewing) -> str:
    # Today both readings are the book as it stands, but for what is dated ahead: accounts are kept by date.
    return viewing.reading if viewing.is_past else "booked"


def _block(viewing: Viewing, entity: Entity, last_sealed: date | None, with_rows: bool) -> EntityCadrage:
    found = tie_ledger(viewing.actor, entity.pk, viewing.day, _reading(viewing))
    return EntityCadrage(
        entity_id=entity.pk,
        name=entity.name,
        currency=entity.currency,
        accounts=account_rows(found.accounts.iter_rows(named=True)),
        ledger_on=found.ledger_on,
        ties=found.ties,
        explained=[_explained(found, part, with_rows) for part in PARTS],
        may_enter=viewing.actor.may("enter_ledger_balance", entity.pk).ok,
        last_sealed=last_sealed,
    )


def _explained(found: Cadrage, part: str, with_rows: bool) -> Explained:
    frame = _frame(found, part)
    totals = frame.group_by("currency").agg(pl.col("amount").sum()).sort("currency")
    rows = _lines(found, part, frame.head(SHOWN_LINES)) if with_rows and frame.height else []
    return Explained(part, frame.height, list(totals.iter_rows()), rows)


def _frame(found: Cadrage, part: str) -> pl.DataFrame:
    """subject, subject_id, on, label, kind, customer_id, amount, currency of one of PARTS; the newest first."""
    columns = ["subject_id", "on", "label", "kind", "customer_id", "amount", "currency"]
    if part == "decided" and found.decided.is_empty():
        return pl.DataFrame(schema={name: pl.Int64() if name == "amount" else pl.String() for name in columns})
    if part == "decided":
        items = versions.current(TABLES["items"], parquet.scan("items", [found.entity_id]))
        described = items.select("item_id", "number", "customer_id", "currency").filter(
            pl.col("item_id").is_in(found.decided["item_id"].implode())
        )
        rows = found.decided.select("item_id", "allocated_on", "kind", "amount").join(
            described.collect(), on="item_id", how="inner"
        )
        rows = rows.rename({"item_id": "subject_id", "allocated_on": "on", "number": "label"})
    else:
        frame = found.bank_only if part == "bank_only" else found.ledger_only
        label = pl.coalesce("payer_name", "remittance", "receipt_id")
        rows = frame.with_columns(label=label).rename({"receipt_id": "subject_id", "booked_on": "on"})
    return rows.select(columns).sort("on", "subject_id", descending=[True, False])


def _lines(found: Cadrage, part: str, frame: pl.DataFrame) -> list[Line]:
    rows = list(frame.iter_rows(named=True))
    names = customer_names(found.entity_id, (row["customer_id"] for row in rows))
    subject = "item" if part == "decided" else "receipt"
    return [Line(subject=subject, customer_name=names.get(row["customer_id"] or "", ""), **row) for row in rows]


def _last_sealed(entity_ids: Sequence[str]) -> dict[str, date]:
    rows = Closing.objects.filter(entity_id__in=entity_ids, state="sealed").order_by("month")
    return dict(rows.values_list("entity_id", "month"))  # the last one of an entity stays


def _months(viewing: Viewing, entity_id: str) -> list[MonthRow]:
    """Every month since the book begins, the newest first; a month that was sealed twice has two rows."""
    may_seal = viewing.actor.may("close_period", entity_id).ok
    sealed: dict[date, list[MonthRow]] = {}
    for row in _sealed_rows(entity_id):
        sealed.setdefault(row.end, []).append(row)
    first = parquet.scan("items", [entity_id]).select(pl.col("issued_on").min()).collect().item()
    start = min([*sealed, month_end(first)] if first else [*sealed, month_end(viewing.today)])
    found, end = [], month_end(viewing.today)
    while end >= start:
        rows = sealed.get(end, [])
        over = end < viewing.today
        if not any(row.state == "sealed" for row in rows):
            # A reopened month waits for its next seal in a row of its own.
            found.append(MonthRow(end, "open" if over else "running", may_seal and over))
        found += rows
        end = month_end(end.replace(day=1) - date.resolution)
    return found


def _sealed_rows(entity_id: str) -> list[MonthRow]:
    closings = Closing.objects.filter(entity_id=entity_id).select_related("sealed_by", "reopened_by")
    balances = ClosingBalance.objects.filter(closing__entity_id=entity_id)
    totals: dict[int, list[tuple[str, int]]] = {}
    for closing_id, currency, total in (
        balances.values_list("closing_id", "currency").annotate(sum=Sum("total")).order_by("closing_id", "currency")
    ):
        totals.setdefault(closing_id, []).append((currency, total))
    counted = balances.values_list("closing_id").annotate(customers=Count("customer_id", distinct=True))
    customers = dict(counted.order_by("closing_id"))
    return [
        MonthRow(
            end=row.month,
            state=row.state,
            closing_id=row.pk,
            sealed_at=row.sealed_at,
            sealed_by=person(row.sealed_by),
            reopened_at=row.reopened_at,
            reopened_by=person(row.reopened_by),
            digest=row.digest,
            customers=customers.get(row.pk, 0),
            totals=totals.get(row.pk, []),
            why=row.why,
        )
        for row in closings.order_by("-month", "-pk")
    ]


def _check(viewing: Viewing, entity_id: str, month: date) -> SealCheck:
    """What is to be known before sealing: always by accounting date, as the seal will be."""
    end = month_end(month)
    found = tie_ledger(viewing.actor, entity_id, end)
    sealed = Closing.objects.filter(entity_id=entity_id, month=end, state="sealed").exists()
    rows = account_rows(found.accounts.iter_rows(named=True))
    return SealCheck(end, end < viewing.today, sealed, found.ties, found.ledger_on, rows)
