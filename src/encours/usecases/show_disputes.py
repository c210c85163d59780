"""Disputes: what is contested, who settles it, how old it is; one dispute with its comments and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from encours.store.models import Comment, Customer, Decision, Dispute, DisputeCare, Entity, Item, User
from encours.usecases.customer_timeline import named
from encours.usecases.follow_dispute import due_of
from encours.usecases.open_dispute import ACT, CLOSE_ACT, OUTCOMES, REASONS
from encours.usecases.viewing import Viewing
from encours.usecases.write_comment import colleagues, handle

STATES = ("open", "late", "closed")
#: Days that a dispute has been open, as its ageing is told.
AGES = ((0, 15), (16, 30), (31, 60), (61, None))
_PAGE = 50


@dataclass(frozen=True)
class DisputeFilter:
    """What the list shows: `state` of STATES, one owner (a function, or user:<number>), one reason, some text."""

    state: str = "open"
    owner: str = ""
    reason: str = ""
    text: str = ""
    page: int = 1


@dataclass(frozen=True)
class DisputeRow:
    """A dispute. `amount` in minor units of `currency`; `days` since it was opened (to its end, where it is closed).

    `owner`: who settles it, a function's code; `person` the colleague who was named (`person_id` 0: nobody).
    """

    dispute_id: str
    entity_id: str
    entity_name: str
    customer_id: str
    customer_name: str
    item_id: str
    number: str
    amount: int
    open: int
    currency: str
    reason: str
    owner: str
    person_id: int
    person: str
    opened_on: date
    due_on: date
    days: int
    late_days: int
    closed_on: date | None
    outcome: str
    expected: str

    @property
    def owner_key(self) -> str:
        """What the list is narrowed to its owner by."""
        return f"user:{self.person_id}" if self.person_id else self.owner


@dataclass(frozen=True)
class OwnerRow:
    """What one owner has to settle in one currency: counts and sums by age (AGES), the late ones, the oldest."""

    key: str
    owner: str
    person: str
    currency: str
    count: int
    amount: int
    ages: tuple[int, ...]
    late: int
    oldest_days: int


@dataclass(frozen=True)
class DisputesPage:
    """The list with the ageing by owner of all that is open."""

    wanted: DisputeFilter
    rows: list[DisputeRow]
    owners: list[OwnerRow]
    totals: list[tuple[str, int, int, int, int]]  # currency, count, amount, late, mean age in days
    counts: dict[str, int]
    has_next: bool
    empty: bool


@dataclass(frozen=True)
class Said:
    """A comment."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True)
class DisputePage:
    """One dispute: what was said of it, who may settle it, what may be done."""

    row: DisputeRow
    comments: list[Said]
    history: list[tuple[datetime, str, str, str]]  # when, act, who, why
    people: list[tuple[int, str]]
    handles: list[str]
    may_settle: bool
    may_comment: bool
    outcomes: tuple[str, ...] = field(default=OUTCOMES)


def show_disputes(viewing: Viewing, wanted: DisputeFilter) -> DisputesPage:
    """The disputes that the filter leaves, the most overdue first, and the ageing by owner of what is open."""
    every = _rows(viewing)
    standing = [row for row in every if row.closed_on is None]
    found = list_disputes(viewing, wanted, every)
    first = (wanted.page - 1) * _PAGE
    counts = {
        "open": len(standing),
        "late": sum(row.late_days > 0 for row in standing),
        "closed": len(every) - len(standing),
    }
    shown = found[first : first + _PAGE]
    return DisputesPage(
        wanted, shown, _by_owner(standing), _totals(standing), counts, len(found) > first + _PAGE, not every
    )


def list_disputes(viewing: Viewing, wanted: DisputeFilter, every: list[DisputeRow] | None = None) -> list[DisputeRow]:
    """All that the filter leaves: what an export holds."""
    rows = _rows(viewing) if every is None else every
    text = wanted.text.strip().casefold()
    found = [
        row
        for row in rows
        if _in_state(row, wanted.state)
        and (not wanted.owner or row.owner_key == wanted.owner)
        and (not wanted.reason or row.reason == wanted.reason)
        and (not text or text in f"{row.customer_name} {row.number}".casefold())
    ]
    if wanted.state == "closed":
        return sorted(found, key=lambda row: (row.closed_on or row.opened_on, row.dispute_id), reverse=True)
    return sorted(found, key=lambda row: (row.due_on, -abs(row.amount), row.dispute_id))


def show_dispute(viewing: Viewing, dispute_id: str) -> DisputePage | None:
    """One dispute; None where there is none that the actor may see."""
    viewing = viewing.every_entity()
    rows = _rows(viewing, dispute_id)
    if not rows:
        return None
    row, actor = rows[0], viewing.actor
    said = viewing.rows(Comment).filter(subject="dispute", subject_id=dispute_id).select_related("user").order_by("at")
    acts = Decision.objects.filter(subject_id=dispute_id, act__in=(ACT, CLOSE_ACT, f"undo_{ACT}", f"undo_{CLOSE_ACT}"))
    history = [
        (one.decided_at, one.act, named(one.user), one.why) for one in acts.select_related("user").order_by("pk")
    ]
    people = colleagues(row.entity_id)
    return DisputePage(
        row,
        [Said(named(one.user), one.at, one.text) for one in said],
        history,
        [(user.pk, named(user)) for user in people],
        [handle(user) for user in people],
        actor.may(ACT, row.entity_id).ok,
        actor.may("write_comment", row.entity_id).ok,
    )


def reasons() -> tuple[str, ...]:
    """The codes of all reasons."""
    return tuple(REASONS)


def _in_state(row: DisputeRow, state: str) -> bool:
    if state == "closed":
        return row.closed_on is not None
    return row.closed_on is None and (state != "late" or row.late_days > 0)


def _rows(viewing: Viewing, dispute_id: str | None = None) -> list[DisputeRow]:
    facts = viewing.facts(Dispute).filter(opened_on__lte=viewing.day)
    facts = facts if dispute_id is None else facts.filter(dispute_id=dispute_id)
    disputes = list(facts)
    item_ids = [row.item_id for row in disputes]
    items = {row.item_id: row for row in viewing.facts(Item).filter(item_id__in=item_ids)}
    customers = {row.customer_id for row in items.values()}
    names = dict(viewing.facts(Customer).filter(customer_id__in=customers).values_list("customer_id", "name"))
    entities = {row.entity_id: row for row in viewing.rows(Entity)}
    cares = {row.dispute_id: row for row in viewing.rows(DisputeCare).select_related("owner")}
    found = []
    for dispute in disputes:
        item = items.get(dispute.item_id)
        if item is not None:
            name, entity = names.get(item.customer_id, item.customer_id), entities[dispute.entity_id]
            found.append(_row(viewing.day, dispute, item, cares.get(dispute.dispute_id), name, entity))
    return found


def _row(
    day: date, dispute: Dispute, item: Item, care: DisputeCare | None, customer_name: str, entity: Entity
) -> DisputeRow:
    closed_on = dispute.closed_on if dispute.closed_on is not None and dispute.closed_on <= day else None
    due_on = care.due_on if care is not None else due_of(dispute, entity.country)
    person: User | None = care.owner if care is not None else None
    return DisputeRow(
        dispute_id=dispute.dispute_id,
        entity_id=dispute.entity_id,
        entity_name=entity.name,
        customer_id=item.customer_id,
        customer_name=customer_name,
        item_id=item.item_id,
        number=item.number,
        amount=dispute.amount,
        open=item.open,
        currency=item.currency,
        reason=dispute.reason,
        owner=dispute.owner or REASONS.get(dispute.reason, "collection"),
        person_id=0 if person is None else person.pk,
        person=named(person),
        opened_on=dispute.opened_on,
        due_on=due_on,
        days=((closed_on or day) - dispute.opened_on).days,
        late_days=max(0, (day - due_on).days) if closed_on is None else 0,
        closed_on=closed_on,
        outcome=dispute.outcome or "" if closed_on is not None else "",
        expected=care.expected if care is not None else "",
    )


def _by_owner(rows: Iterable[DisputeRow]) -> list[OwnerRow]:
    grouped: defaultdict[tuple[str, str], list[DisputeRow]] = defaultdict(list)
    for row in rows:
        grouped[(row.owner_key, row.currency)].append(row)
    found = []
    for (key, currency), part in grouped.items():
        ages = tuple(sum(row.amount for row in part if _aged(row.days, age)) for age in AGES)
        found.append(
            OwnerRow(
                key, part[0].owner, part[0].person, currency, len(part), sum(row.amount for row in part), ages,
                sum(row.late_days > 0 for row in part), max(row.days for row in part),
            )
        )  # fmt: skip
    return sorted(found, key=lambda row: (-abs(row.amount), row.key))


def _aged(days: int, age: tuple[int, Any]) -> bool:
    first, last = age
    return bool(days >= first and (last is None or days <= last))


def _totals(rows: Iterable[DisputeRow]) -> list[tuple[str, int, int, int, int]]:
    grouped: defaultdict[str, list[DisputeRow]] = defaultdict(list)
    for row in rows:
        grouped[row.currency].append(row)
    return [
        (
            currency, len(part), sum(row.amount for row in part), sum(row.amount for row in part if row.late_days),
            round(sum(row.days for row in part) / len(part)),
        )
        for currency, part in sorted(grouped.items(), key=lambda one: -sum(abs(row.amount) for row in one[1]))
    ]  # fmt: skip
