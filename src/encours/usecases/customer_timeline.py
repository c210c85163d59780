"""What happened with a customer, in one list: contacts and messages, promises, disputes, holds, comments, money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from encours.store.models import (
    Comment,
    ContactOutcome,
    Dispute,
    Event,
    Hold,
    Item,
    Message,
    Note,
    PaymentPlan,
    Promise,
    PromiseResult,
    Receipt,
    StepNotice,
    Touch,
    User,
)
from encours.usecases import clock
from encours.usecases.step_words import read_steps
from encours.usecases.viewing import Viewing

#: What the list can be narrowed to; "" is all of it.
KINDS = ("contacts", "promises", "disputes", "holds", "comments", "money")
_EACH, _SHOWN = 100, 150


@dataclass(frozen=True)
class Happening:
    """A line of the timeline. `what` says how it is told: touch, call, message, promise, plan, dispute, closed, hold,
    notice, comment, note, item, receipt or event; `code` and `state` are codes of the words that go with it.

    `at`: the moment, where one is known. `until`: the day that a promise, a hold or a plan names. `link`: the number
    of the message or the id of the dispute behind it.
    """

    on: date
    what: str
    code: str = ""
    text: str = ""
    amount: int | None = None
    currency: str = ""
    item_id: str | None = None
    receipt_id: str | None = None
    state: str = ""
    until: date | None = None
    author: str = ""
    at: datetime | None = None
    numbers: tuple[str, ...] = ()
    link: str = ""


def customer_timeline(viewing: Viewing, ids: Sequence[str], kind: str = "") -> list[Happening]:
    """What happened up to the page's day, newest first; of one of KINDS alone where it is named.

    On a past day the facts are shown as they were dated, and what people wrote up to then.
    """
    wanted = _READERS if kind not in KINDS else {kind: _READERS[kind]}
    lines = [line for read in wanted.values() for line in read(viewing, list(ids))]
    return sorted(lines, key=lambda line: (line.on, _moment(line)), reverse=True)[:_SHOWN]


def _moment(line: Happening) -> str:
    return "" if line.at is None else line.at.isoformat()


def _contacts(viewing: Viewing, ids: list[str]) -> list[Happening]:
    calls = _calls(viewing, ids)
    told = {touch for _, touch in calls}
    return [line for line, _ in calls] + _touches(viewing, ids, told) + _messages(viewing, ids) + _notices(viewing, ids)


def _calls(viewing: Viewing, ids: list[str]) -> list[tuple[Happening, str]]:
    """Contacts that people logged, with the touch that each of them is."""
    rows = viewing.rows(ContactOutcome).filter(customer_id__in=ids, at__lt=_tomorrow(viewing)).select_related("user")
    found = list(rows.order_by("-at")[:_EACH])
    numbers = _numbers(viewing, [item for row in found for item in row.items])
    return [
        (
            Happening(
                row.at.astimezone(clock.ZONE).date(), "call", row.channel, row.detail, row.data.get("amount"),
                numbers.currency(row.items), state=row.outcome, until=_day(row.data.get("on")),
                author=named(row.user), at=row.at, numbers=numbers.of(row.items),
            ),
            row.touch_id,
        )
        for row in found
    ]  # fmt: skip


def _touches(viewing: Viewing, ids: list[str], told: set[str]) -> list[Happening]:
    """Reminders and contacts that a file brought or a message left: one line a day, channel and level."""
    rows = viewing.facts(Touch).filter(customer_id__in=ids, sent_on__lte=viewing.day).order_by("-sent_on", "touch_id")
    starts = tuple(told)
    grouped: dict[tuple[date, str, str, str], list[str]] = {}
    for row in rows[: 4 * _EACH]:
        if row.touch_id not in told and not row.touch_id.startswith(tuple(f"{one}-" for one in starts)):
            key = (row.sent_on, row.channel, row.level or "", row.outcome or "")
            grouped.setdefault(key, []).extend([row.item_id] if row.item_id else [])
    numbers = _numbers(viewing, [item for items in grouped.values() for item in items])
    return [
        Happening(on, "touch", channel, level, state=outcome, numbers=numbers.of(items))
        for (on, channel, level, outcome), items in list(grouped.items())[:_EACH]
    ]


def _messages(viewing: Viewing, ids: list[str]) -> list[Happening]:
    """Messages that have not left yet, or never will: what left is a touch."""
    waiting = ("to_confirm", "queued", "sending", "bounced", "failed", "uncertain")
    rows = viewing.rows(Message).filter(customer_id__in=ids, state__in=waiting, created_at__lt=_tomorrow(viewing))
    return [
        Happening(
            row.created_at.astimezone(clock.ZONE).date(), "message", row.channel, row.subject, row.amount or None,
            row.currency, state=row.state, at=row.created_at, link=str(row.pk),
        )
        for row in rows.order_by("-created_at")[:_EACH]
    ]  # fmt: skip


def _notices(viewing: Viewing, ids: list[str]) -> list[Happening]:
    rows = viewing.rows(StepNotice).filter(customer_id__in=ids, asked_at__lt=_tomorrow(viewing))
    found = list(rows.select_related("answered_by").order_by("-asked_at")[:_EACH])
    steps = read_steps(viewing) if found else {}
    return [
        Happening(
            row.asked_at.astimezone(clock.ZONE).date(), "notice", steps.get(row.step, row.step), row.reason,
            state=row.decision or row.answer or "asked", until=row.until_on, author=named(row.answered_by),
            at=row.asked_at,
        )
        for row in found
    ]  # fmt: skip


def _promises(viewing: Viewing, ids: list[str]) -> list[Happening]:
    """A line a promise, however many items it is about, with what became of it."""
    rows = list(
        viewing.facts(Promise).filter(customer_id__in=ids, made_on__lte=viewing.day).order_by("-made_on", "pk")[:_EACH]
    )
    results = {
        one.promise_id: one for one in viewing.rows(PromiseResult).filter(promise_id__in=[r.promise_id for r in rows])
    }
    numbers = _numbers(viewing, [row.item_id for row in rows if row.item_id])
    grouped: dict[tuple[Any, ...], list[Promise]] = {}
    for row in rows:
        result = results.get(row.promise_id)
        state = "" if result is None or viewing.is_past else str(result.state)
        reference = "" if result is None else result.reference
        grouped.setdefault((row.made_on, row.kind, row.due_on, state, reference), []).append(row)
    lines = []
    for (made_on, kind, due_on, state, reference), part in grouped.items():
        items = [row.item_id for row in part if row.item_id]
        amounts = [row.amount for row in part if row.amount is not None]
        lines.append(
            Happening(
                made_on, "promise", kind, reference, sum(amounts) if amounts else None, numbers.currency(items),
                state=state, until=due_on, numbers=numbers.of(items),
            )
        )  # fmt: skip
    plans = viewing.rows(PaymentPlan).filter(customer_id__in=ids, agreed_on__lte=viewing.day)
    return lines + [
        Happening(
            row.agreed_on, "plan", "plan", row.why, row.total, row.currency, state=row.state,
            author=named(row.agreed_by),
        )
        for row in plans.select_related("agreed_by").order_by("-agreed_on")[:_EACH]
    ]  # fmt: skip


def _disputes(viewing: Viewing, ids: list[str]) -> list[Happening]:
    own = viewing.facts(Item).filter(customer_id__in=ids)
    rows = viewing.facts(Dispute).filter(item_id__in=own.values("item_id"), opened_on__lte=viewing.day)
    found = list(rows.order_by("-opened_on")[:_EACH])
    numbers = _numbers(viewing, [row.item_id for row in found])
    lines = []
    for row in found:
        told = (row.amount, numbers.currency([row.item_id]), row.item_id)
        number = numbers.of([row.item_id])
        lines.append(
            Happening(row.opened_on, "dispute", row.reason, row.owner or "", *told, numbers=number, link=row.dispute_id)
        )
        if row.closed_on is not None and row.closed_on <= viewing.day:
            lines.append(
                Happening(
                    row.closed_on, "closed", row.reason, "", *told, state=row.outcome or "", numbers=number,
                    link=row.dispute_id,
                )
            )  # fmt: skip
    return lines


def _holds(viewing: Viewing, ids: list[str]) -> list[Happening]:
    rows = viewing.rows(Hold).filter(customer_id__in=ids, made_at__lt=_tomorrow(viewing))
    found = list(rows.select_related("author").order_by("-made_at")[:_EACH])
    numbers = _numbers(viewing, [row.item_id for row in found if row.item_id])
    return [
        Happening(
            row.made_at.astimezone(clock.ZONE).date(), "hold", row.reason, row.why, item_id=row.item_id,
            state=row.state, until=row.until_on, author=named(row.author), at=row.made_at,
            numbers=numbers.of([row.item_id] if row.item_id else []),
        )
        for row in found
    ]  # fmt: skip


def _comments(viewing: Viewing, ids: list[str]) -> list[Happening]:
    said = viewing.rows(Comment).filter(customer_id__in=ids, at__lt=_tomorrow(viewing)).select_related("user")
    notes = viewing.rows(Note).filter(customer_id__in=ids, written_at__lt=_tomorrow(viewing)).select_related("user")
    lines = [
        Happening(_local(row.at), "comment", row.subject, row.text, author=named(row.user), at=row.at)
        for row in said.order_by("-at")[:_EACH]
    ]
    return lines + [
        Happening(_local(row.written_at), "note", "", row.text, author=named(row.user), at=row.written_at)
        for row in notes.order_by("-written_at")[:_EACH]
    ]


def _money(viewing: Viewing, ids: list[str]) -> list[Happening]:
    items = viewing.facts(Item).filter(customer_id__in=ids, issued_on__lte=viewing.day).order_by("-issued_on")[:60]
    columns = ("item_id", "issued_on", "kind", "number", "amount", "currency")
    lines = [
        Happening(on, "item", kind, number, amount, currency, item_id)
        for item_id, on, kind, number, amount, currency in items.values_list(*columns)
    ]
    events = viewing.facts(Event).filter(subject="customer", subject_id__in=ids, on__lte=viewing.day)
    lines += [
        Happening(row.on, "event", row.kind, row.detail or row.value or "") for row in events.order_by("-on")[:50]
    ]
    money = viewing.facts(Receipt).filter(customer_id__in=ids, booked_on__lte=viewing.day).order_by("-booked_on")[:60]
    return lines + [
        Happening(on, "receipt", kind, payer or "", amount, currency, receipt_id=receipt_id)
        for receipt_id, on, kind, payer, amount, currency in money.values_list(
            "receipt_id", "booked_on", "kind", "payer_name", "amount", "currency"
        )
    ]


#: A kind of KINDS -> what reads its lines.
_READERS: Mapping[str, Callable[[Viewing, list[str]], list[Happening]]] = {
    "contacts": _contacts,
    "promises": _promises,
    "disputes": _disputes,
    "holds": _holds,
    "comments": _comments,
    "money": _money,
}


class _Numbers:
    """What items are called, and in which currency they are."""

    def __init__(self, rows: Mapping[str, tuple[str, str]]) -> None:
        self._rows = rows

    def of(self, items: Sequence[str]) -> tuple[str, ...]:
        """Their numbers, in order, each once."""
        return tuple(dict.fromkeys(self._rows[one][0] for one in items if one in self._rows))

    def currency(self, items: Sequence[str]) -> str:
        """The currency of the first that is known."""
        return next((self._rows[one][1] for one in items if one in self._rows), "")


def _numbers(viewing: Viewing, items: Sequence[str]) -> _Numbers:
    rows = viewing.facts(Item).filter(item_id__in=set(items)).values_list("item_id", "number", "currency")
    return _Numbers({item_id: (number, currency) for item_id, number, currency in rows})


def named(user: User | None) -> str:
    """How a person is called on a page."""
    return "" if user is None else user.get_full_name() or user.email


def _tomorrow(viewing: Viewing) -> datetime:
    """When the page's day is over."""
    return clock.begins(viewing.day + timedelta(days=1))


def _local(at: datetime) -> date:
    return at.astimezone(clock.ZONE).date()


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None
