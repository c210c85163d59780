"""The outbox: what waits for a person, what is held back and why, what is leaving, left, failed or is uncertain."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum

from encours.store.models import (
    Customer,
    DunningScenario,
    Entity,
    HeldItem,
    Item,
    Message,
    MessageEvent,
    MessageItem,
    PlannedAction,
)
from encours.usecases import clock
from encours.usecases.look_at_letter import Pages, kept_pages
from encours.usecases.manage_scenarios import testing_codes
from encours.usecases.show_today import TIMED
from encours.usecases.show_withheld import Stopped, Withheld, stopped_rows, withheld, withheld_rows
from encours.usecases.viewing import Viewing

TABS = ("confirm", "leaving", "held", "withheld", "sent", "failed", "uncertain")
PAGE_ROWS = 50
_STATES = {
    "leaving": (Message.State.QUEUED, Message.State.SENDING),
    "sent": (Message.State.SENT, Message.State.DELIVERED),
    "failed": (Message.State.FAILED, Message.State.BOUNCED),
    "uncertain": (Message.State.UNCERTAIN,),
}
LARGEST = 5


@dataclass(frozen=True)
class OutboxRow:
    """A message, or a planned one that nobody has looked at yet (`message_id` empty). Amounts in minor units."""

    message_id: str
    number: int | None  # of its planned action
    customer_id: str | None
    name: str
    channel: str
    step: str
    step_names: dict[str, str]
    state: str
    amount: int
    currency: str
    overdue_days: int | None
    to: tuple[str, ...]
    subject: str
    formal: bool
    testing: bool
    at: datetime | None
    until: datetime | None  # it can be recalled until then
    error: str
    answered: bool


@dataclass(frozen=True)
class HeldGate:
    """A gate with what it holds; `task` frees it."""

    gate: str
    currency: str
    items: int
    customers: int
    amount: int
    task: str
    until_on: date | None


@dataclass(frozen=True)
class HeldRow:
    """An item that is held, with its reason."""

    item_id: str
    number: str
    customer_id: str
    name: str
    amount: int
    currency: str
    gate: str
    sentence: str
    since_on: date
    until_on: date | None
    task: str
    part: bool


@dataclass(frozen=True)
class OutboxPage:
    """A tab of the outbox."""

    tab: str
    counts: dict[str, int]
    rows: list[OutboxRow]
    gates: list[HeldGate]
    held: list[HeldRow]
    gate: str
    text: str
    count: int
    page: int
    pages: int
    entity_names: dict[str, str]
    testing: bool
    held_share: list[tuple[str, float]] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    step_names: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bulk:
    """What a person is about to send: how many, how much, the five largest, and what stays behind."""

    rows: list[OutboxRow]
    totals: list[tuple[str, int]]
    largest: list[OutboxRow]
    left_out: int


def show_outbox(viewing: Viewing, tab: str, *, gate: str = "", text: str = "", page: int = 1) -> OutboxPage:
    """A page of the outbox, of today whatever day is looked at."""
    tab = tab if tab in TABS else TABS[0]
    rows: list[OutboxRow] = []
    held: list[HeldRow] = []
    alone: list[Withheld] = []
    if tab == "held":
        found = _held(viewing, gate, text)
        count = found.count()
        pages, page = _pages(count, page)
        held = _held_rows(viewing, found, page)
    elif tab == "withheld":
        actions = withheld(viewing, text)
        count = actions.count()
        pages, page = _pages(count, page)
        alone = withheld_rows(viewing, actions[(page - 1) * PAGE_ROWS : page * PAGE_ROWS])
    elif tab == "confirm":
        every = to_confirm(viewing, text)
        count = len(every)
        pages, page = _pages(count, page)
        rows = every[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    else:
        query = _messages(viewing, tab, text)
        count = query.count()
        pages, page = _pages(count, page)
        rows = _rows(viewing, query[(page - 1) * PAGE_ROWS : page * PAGE_ROWS])
    return OutboxPage(
        tab=tab, counts=_counts(viewing), rows=rows, gates=_gates(viewing) if tab == "held" else [], held=held,
        gate=gate, text=text, count=count, page=page, pages=pages,
        entity_names=dict(viewing.rows(Entity).values_list("entity_id", "name")),
        testing=any(testing_codes(one) for one in viewing.entity_ids),
        held_share=_share(viewing) if tab == "held" else [],
        stopped=stopped_rows(viewing) if tab == "held" and page == 1 and not gate else [],
        withheld=alone, step_names=_steps(viewing) if alone else {},
    )  # fmt: skip


def show_bulk(viewing: Viewing, numbers: list[int]) -> Bulk:
    """What approving these planned messages together would send."""
    wanted = set(numbers)
    every = [row for row in to_confirm(viewing, "") if row.number in wanted]
    rows = [row for row in every if not row.testing and not row.formal]
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.amount
    return Bulk(
        rows,
        sorted(totals.items(), key=lambda one: -one[1]),
        sorted(rows, key=lambda row: -row.amount)[:LARGEST],
        len(every) - len(rows),
    )


def _pages(count: int, page: int) -> tuple[int, int]:
    pages = max(1, -(-count // PAGE_ROWS))
    return pages, min(max(1, page), pages)


def _counts(viewing: Viewing) -> dict[str, int]:
    states = dict(viewing.rows(Message).values_list("state").annotate(n=Count("pk")).order_by())
    found = {tab: sum(states.get(state, 0) for state in wanted) for tab, wanted in _STATES.items()}
    waiting = _planned(viewing).count() + _alone(viewing).count()
    held = viewing.rows(HeldItem).exclude(gate__in=TIMED).count()
    return {"confirm": waiting, "held": held, "withheld": withheld(viewing).count()} | found


def _planned(viewing: Viewing) -> QuerySet[Any]:
    rows: QuerySet[Any] = viewing.rows(PlannedAction).filter(
        day__gte=viewing.today, state=PlannedAction.State.PLANNED, mode="confirm", snoozed_until__isnull=True
    )
    return rows


def _alone(viewing: Viewing) -> QuerySet[Any]:
    """Messages to confirm that no planned action of today stands for."""
    today = _planned(viewing).values("action_id")
    rows: QuerySet[Any] = viewing.rows(Message).filter(state=Message.State.TO_CONFIRM)
    return rows.exclude(action_id__isnull=False, action_id__in=today)


def to_confirm(viewing: Viewing, text: str) -> list[OutboxRow]:
    """Planned messages of the day that wait for a person, the largest first, then messages without a plan."""
    planned = list(_named(viewing, _planned(viewing), text).order_by("-amount", "pk"))
    composed = viewing.rows(Message).filter(state__in=(Message.State.TO_CONFIRM, Message.State.DRAFT))
    made = {one.action_id: one for one in composed.filter(action_id__in=[row.action_id for row in planned])}
    names = _names(viewing, [row.customer_id for row in planned])
    steps, testing = _steps(viewing), {one: testing_codes(one) for one in viewing.entity_ids}
    rows = [
        OutboxRow(
            message_id=str(made[row.action_id].pk) if row.action_id in made else "", number=row.pk,
            customer_id=row.customer_id, name=names.get(row.customer_id, row.customer_id), channel=row.channel,
            step=row.step, step_names=steps.get((row.entity_id, row.scenario, row.step), {}), state="to_confirm",
            amount=row.amount, currency=row.currency, overdue_days=row.overdue_days,
            to=tuple(made[row.action_id].to) if row.action_id in made else tuple(row.to),
            subject=made[row.action_id].subject if row.action_id in made else "", formal=row.formal,
            testing=row.scenario in testing.get(row.entity_id, frozenset()), at=None, until=None, error="",
            answered=False,
        )
        for row in planned
    ]  # fmt: skip
    return rows + _rows(viewing, _named(viewing, _alone(viewing), text).order_by("-amount", "pk"))


def _messages(viewing: Viewing, tab: str, text: str) -> QuerySet[Any]:
    rows = viewing.rows(Message).filter(state__in=_STATES[tab])
    return _named(viewing, rows, text).order_by(F("sent_at").desc(nulls_first=True), "-created_at", "pk")


def _named(viewing: Viewing, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not text:
        return rows
    found = viewing.facts(Customer).filter(Q(name__icontains=text) | Q(customer_id__icontains=text))
    return rows.filter(customer_id__in=found.values("customer_id"))


def _rows(viewing: Viewing, query: Any) -> list[OutboxRow]:
    messages = list(query)
    names = _names(viewing, [one.customer_id for one in messages])
    steps, now = _steps(viewing), clock.now()
    return [
        OutboxRow(
            message_id=str(one.pk), number=None, customer_id=one.customer_id,
            name=names.get(one.customer_id, one.customer_id or ", ".join(one.to)), channel=one.channel, step=one.step,
            step_names=steps.get((one.entity_id, one.scenario, one.step), {}), state=str(one.state),
            amount=one.amount, currency=one.currency, overdue_days=None, to=tuple(one.to), subject=one.subject,
            formal=False, testing=False, at=one.sent_at or one.approved_at or one.created_at,
            until=one.send_after if one.send_after and one.send_after > now else None, error=one.error,
            answered=one.answered_at is not None,
        )
        for one in messages
    ]  # fmt: skip


def _names(viewing: Viewing, customer_ids: list[str | None]) -> dict[str, str]:
    wanted = [one for one in set(customer_ids) if one]
    return dict(viewing.facts(Customer).filter(customer_id__in=wanted).values_list("customer_id", "name"))


def _steps(viewing: Viewing) -> dict[tuple[str, str, str], dict[str, str]]:
    rows = DunningScenario.objects.filter(entity_id__in=viewing.entity_ids)
    return {(str(row.entity_id), row.code, step["code"]): step.get("names", {}) for row in rows
            for step in row.data["steps"]}  # fmt: skip


def _held(viewing: Viewing, gate: str, text: str) -> QuerySet[Any]:
    rows = viewing.rows(HeldItem)
    rows = rows.filter(gate=gate) if gate else rows.exclude(gate__in=TIMED)
    return _named(viewing, rows, text).order_by("-amount", "pk")


def _held_rows(viewing: Viewing, query: QuerySet[Any], page: int) -> list[HeldRow]:
    rows = list(query[(page - 1) * PAGE_ROWS : page * PAGE_ROWS])
    names = _names(viewing, [row.customer_id for row in rows])
    numbers = dict(
        viewing.facts(Item).filter(item_id__in=[row.item_id for row in rows]).values_list("item_id", "number")
    )
    return [
        HeldRow(
            row.item_id, numbers.get(row.item_id) or "", row.customer_id, names.get(row.customer_id, row.customer_id),
            row.amount, row.currency, row.gate, row.sentence, row.since_on, row.until_on, row.task, row.part,
        )
        for row in rows
    ]  # fmt: skip


def _gates(viewing: Viewing) -> list[HeldGate]:
    rows = (
        viewing.rows(HeldItem)
        .order_by()
        .values("gate", "currency")
        .annotate(items=Count("pk"), customers=Count("customer_id", distinct=True), amount=Sum("amount"),
                  freed=Max("task"), until=Min("until_on"))
    )  # fmt: skip
    found = [
        HeldGate(
            row["gate"], row["currency"], row["items"], row["customers"], row["amount"], row["freed"], row["until"]
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.gate in TIMED, -one.amount, one.gate))


def _share(viewing: Viewing) -> list[tuple[str, float]]:
    """Of the overdue, the share that gates hold back, by currency."""
    asked = dict(viewing.rows(PlannedAction).filter(day__gte=viewing.today).order_by().values_list("currency")
                 .annotate(total=Sum("amount")))  # fmt: skip
    rows = viewing.rows(HeldItem).order_by().values("currency").annotate(
        all=Sum("amount"), gates=Sum("amount", filter=~Q(gate__in=TIMED)))  # fmt: skip
    return [
        (row["currency"], (row["gates"] or 0) / whole)
        for row in rows
        if (whole := asked.get(row["currency"], 0) + (row["all"] or 0))
    ]


@dataclass(frozen=True)
class MessagePage:
    """One message with its words, its items and what became of it."""

    row: OutboxRow
    entity_id: str
    cc: tuple[str, ...]
    reply_to: str
    text: str
    html: str
    files: list[tuple[int, str, str]]  # number, name, content type
    items: list[tuple[str, str, int, int]]  # id, number, asked, held
    events: list[tuple[datetime, str, str]]
    can_recall: bool
    pages: Pages | None  # of a letter, as it was approved


def show_message(viewing: Viewing, key: str) -> MessagePage | None:
    """One message; None where there is none to be seen."""
    viewing = viewing.every_entity()
    message = viewing.rows(Message).filter(pk=key).first()
    if message is None:
        return None
    lines = list(MessageItem.objects.filter(message=message).values_list("item_id", "amount", "held"))
    numbers = dict(
        viewing.facts(Item).filter(item_id__in=[one for one, _, _ in lines]).values_list("item_id", "number")
    )
    row = _rows(viewing, [message])[0]
    recent = message.state == Message.State.QUEUED
    return MessagePage(
        row=row, entity_id=message.entity_id, cc=tuple(message.cc), reply_to=message.reply_to, text=message.text,
        html=message.html,
        files=list(message.files.filter(inline="").order_by("pk").values_list("pk", "name", "content_type")),
        items=[(one, numbers.get(one) or one, amount, held) for one, amount, held in lines],
        events=list(MessageEvent.objects.filter(message=message).order_by("at", "pk")
                    .values_list("at", "kind", "detail")),
        can_recall=recent, pages=kept_pages(message),
    )  # fmt: skip


def since(days: int) -> datetime:
    """The moment so many days ago."""
    return clock.now() - timedelta(days=days)
