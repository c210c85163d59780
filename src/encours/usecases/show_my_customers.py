"""My customers: what a sales person reads of theirs, what is asked of them, what they may answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from encours.store.models import (
    Customer,
    CustomerPosition,
    Dispute,
    Entity,
    Hold,
    Item,
    PlannedAction,
    PromiseResult,
    StepNotice,
    Task,
)
from encours.usecases import clock
from encours.usecases.contact_outcomes import HOLD_REASONS, OUTCOMES
from encours.usecases.customer_timeline import Happening, customer_timeline, named
from encours.usecases.manage_tasks import does_for
from encours.usecases.step_words import read_steps
from encours.usecases.viewing import Viewing

VIEWS = ("asked", "overdue", "all")
_PAGE = 50


@dataclass(frozen=True)
class MineRow:
    """A customer in one currency: `overdue` and `balance` in minor units; `asks`: how much is asked of the reader."""

    customer_id: str
    name: str
    entity_name: str
    sales_owner: str
    currency: str
    balance: int
    overdue: int
    oldest_days: int
    asks: int
    notice_ends: datetime | None
    held_until: date | None
    promised_on: date | None


@dataclass(frozen=True)
class MinePage:
    """The list: `counts` of each of VIEWS, `totals` (currency, customers, overdue)."""

    view: str
    rows: list[MineRow]
    counts: dict[str, int]
    totals: list[tuple[str, int, int]]
    text: str
    page: int
    has_next: bool
    empty: bool


@dataclass(frozen=True)
class AskedNotice:
    """A step that goes at `ends` unless somebody objects; answered ones say how."""

    notice_id: int
    step: str
    asked_at: datetime
    ends: datetime
    answer: str
    reason: str
    until_on: date | None
    decision: str
    open: bool
    by: str


@dataclass(frozen=True)
class HeldRow:
    """A hold that stands or was asked for."""

    hold_id: int
    number: str
    reason: str
    why: str
    state: str
    until_on: date
    author: str
    own: bool


@dataclass(frozen=True)
class OwedRow:
    """A late or open item, with what is disputed of it."""

    item_id: str
    number: str
    due_on: date
    open: int
    currency: str
    late_days: int
    disputed: int


@dataclass(frozen=True)
class MineCustomer:
    """One customer of theirs."""

    customer_id: str
    name: str
    entity_name: str
    rows: list[MineRow]
    items: list[OwedRow]
    notices: list[AskedNotice]
    holds: list[HeldRow]
    tasks: list[Task]
    planned: list[tuple[date, str, str]]  # day, step, channel
    happenings: list[Happening]
    currency: str
    may_log: bool
    may_ask: bool
    may_hold: bool
    may_decide: bool
    may_comment: bool
    outcomes: tuple[str, ...] = tuple(code for code, kind in OUTCOMES.items() if "parts" not in kind.needs)
    hold_reasons: tuple[str, ...] = HOLD_REASONS


def show_my_customers(viewing: Viewing, view: str = "", text: str = "", page: int = 1) -> MinePage:
    """The customers that the reader sees: those with something asked of them first, then the most overdue."""
    view = view if view in VIEWS else ""
    rows = _rows(viewing)
    counts = {name: len({row.customer_id for row in rows if _in(row, name)}) for name in VIEWS}
    view = view or ("asked" if counts["asked"] else "overdue")
    wanted = text.strip().casefold()
    found = [row for row in rows if _in(row, view) and (not wanted or wanted in row.name.casefold())]
    found.sort(key=lambda row: (row.asks == 0, -row.overdue, -row.balance, row.name, row.customer_id))
    first = (page - 1) * _PAGE
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.overdue > 0:
            totals[row.currency][0] += 1
            totals[row.currency][1] += row.overdue
    told = [(currency, many, sum_) for currency, (many, sum_) in totals.items()]
    shown = found[first : first + _PAGE]
    return MinePage(
        view, shown, counts, sorted(told, key=lambda one: -one[2]), text, page, len(found) > first + _PAGE, not rows
    )


def show_my_customer(viewing: Viewing, customer_id: str) -> MineCustomer | None:
    """One of them; None where there is none that the actor may see."""
    viewing = viewing.every_entity()
    customer = viewing.facts(Customer).filter(customer_id=customer_id).first()
    if customer is None:
        return None
    actor, entity_id = viewing.actor, customer.entity_id
    planned = viewing.rows(PlannedAction).filter(customer_id=customer_id, state__in=("planned", "queued"))
    tasks = viewing.rows(Task).filter(customer_id=customer_id, state=Task.State.OPEN).order_by("due_on", "pk")
    items, steps = _items(viewing, customer_id), read_steps(viewing)
    entity = Entity.objects.get(pk=entity_id)
    return MineCustomer(
        customer_id,
        customer.name,
        entity.name,
        _rows(viewing, customer_id),
        items,
        _notices(viewing, customer_id, steps),
        _holds(viewing, customer_id),
        list(tasks[:20]),
        [(row.day, steps.get(row.step, row.step), row.channel) for row in planned.order_by("day")[:5]],
        customer_timeline(viewing, [customer_id])[:40],
        items[0].currency if items else entity.currency,
        actor.may("log_contact", entity_id).ok,
        actor.may("ask_hold", entity_id).ok,
        actor.may("hold_dunning", entity_id).ok,
        actor.may("decide_objection", entity_id).ok,
        actor.may("write_comment", entity_id).ok,
    )


def _in(row: MineRow, view: str) -> bool:
    return view == "all" or (view == "overdue" and row.overdue > 0) or (view == "asked" and row.asks > 0)


def _rows(viewing: Viewing, customer_id: str | None = None) -> list[MineRow]:
    named_one = {} if customer_id is None else {"customer_id": customer_id}
    positions = list(viewing.rows(CustomerPosition).filter(**named_one))
    told = viewing.facts(Customer).filter(**named_one).only("customer_id", "name", "sales_owner")
    people = {row.customer_id: row for row in told}
    entities = dict(viewing.rows(Entity).values_list("entity_id", "name"))
    asks, ends = _asks(viewing, named_one)
    holds = _latest(viewing.rows(Hold).filter(state="standing", until_on__gte=viewing.today, **named_one), "until_on")
    pending = viewing.rows(PromiseResult).filter(state="pending", held_until__gte=viewing.today, **named_one)
    promised = _latest(pending, "due_on")
    found = []
    for row in positions:
        customer = people.get(row.customer_id)
        if customer is None:
            continue
        oldest = (viewing.today - row.oldest_due_on).days if row.oldest_due_on else 0
        found.append(
            MineRow(
                row.customer_id, customer.name, entities.get(row.entity_id, row.entity_id), customer.sales_owner or "",
                row.currency, row.balance, max(0, row.overdue), max(0, oldest), asks.get(row.customer_id, 0),
                ends.get(row.customer_id), holds.get(row.customer_id), promised.get(row.customer_id),
            )
        )  # fmt: skip
    return found


def _asks(viewing: Viewing, named_one: dict[str, str]) -> tuple[dict[str, int], dict[str, datetime]]:
    """Customer -> how much is asked of the reader, notices and tasks of theirs; and when the next step goes."""
    counts: defaultdict[str, int] = defaultdict(int)
    ends: dict[str, datetime] = {}
    user = viewing.actor.user
    mine = set() if user is None else does_for(user.pk, viewing.today)
    for notice in viewing.rows(StepNotice).filter(
        answer="", asked_at__gte=clock.now() - timedelta(days=31), **named_one
    ):
        end = notice.asked_at + timedelta(hours=notice.hours)
        if end > clock.now() and notice.asked_of_id in (None, *mine):
            counts[notice.customer_id] += 1
            ends[notice.customer_id] = min(end, ends.get(notice.customer_id, end))
    for one in (
        viewing.rows(Task).filter(state="open", owner_id__in=mine, **named_one).values_list("customer_id", flat=True)
    ):
        counts[one] += 1
    return dict(counts), ends


def _latest(rows: Any, column: str) -> dict[str, date]:
    found: dict[str, date] = {}
    for customer_id, day in rows.values_list("customer_id", column):
        found[customer_id] = max(day, found.get(customer_id, day))
    return found


def _items(viewing: Viewing, customer_id: str) -> list[OwedRow]:
    rows = list(viewing.facts(Item).filter(customer_id=customer_id, open__gt=0).order_by("due_on", "number")[:100])
    contested: defaultdict[str, int] = defaultdict(int)
    for item_id, amount in (
        viewing.facts(Dispute)
        .filter(item_id__in=[row.item_id for row in rows], closed_on__isnull=True)
        .values_list("item_id", "amount")
    ):
        contested[item_id] += amount
    return [
        OwedRow(
            row.item_id, row.number, row.due_on, row.open, row.currency, max(0, (viewing.today - row.due_on).days),
            min(contested[row.item_id], row.open),
        )
        for row in rows
    ]  # fmt: skip


def _notices(viewing: Viewing, customer_id: str, steps: Mapping[str, str]) -> list[AskedNotice]:
    rows = viewing.rows(StepNotice).filter(customer_id=customer_id, asked_at__gte=clock.now() - timedelta(days=31))
    found = []
    for row in rows.select_related("answered_by").order_by("-asked_at")[:10]:
        ends = row.asked_at + timedelta(hours=row.hours)
        waits = row.answer == "" and ends > clock.now()
        found.append(
            AskedNotice(
                row.pk, steps.get(row.step, row.step), row.asked_at, ends, row.answer, row.reason, row.until_on,
                row.decision, waits, named(row.answered_by),
            )
        )  # fmt: skip
    return found


def _holds(viewing: Viewing, customer_id: str) -> list[HeldRow]:
    rows = (
        viewing.rows(Hold)
        .filter(customer_id=customer_id, state__in=("asked", "standing"), until_on__gte=viewing.today)
        .select_related("author")
    )
    found = list(rows.order_by("until_on", "pk"))
    numbers = dict(
        viewing.facts(Item)
        .filter(item_id__in=[row.item_id for row in found if row.item_id])
        .values_list("item_id", "number")
    )
    user = viewing.actor.user
    return [
        HeldRow(
            row.pk, numbers.get(row.item_id or "", ""), row.reason, row.why, row.state, row.until_on,
            named(row.author), user is not None and row.author_id == user.pk,
        )
        for row in found
    ]  # fmt: skip


def customer_of_notice(viewing: Viewing, notice_id: int) -> str:
    """The customer that a notice is about; "" where there is none that the actor may see."""
    row = viewing.every_entity().rows(StepNotice).filter(pk=notice_id).first()
    return "" if row is None else str(row.customer_id)


def customer_of_hold(viewing: Viewing, hold_id: int) -> str:
    """The customer whose reminders a hold is about; "" where there is none that the actor may see."""
    row = viewing.every_entity().rows(Hold).filter(pk=hold_id).first()
    return "" if row is None else str(row.customer_id)
