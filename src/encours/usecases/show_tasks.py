"""Tasks: mine, those of whom I stand in for, those that wait for somebody with my role; absences and stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from encours.store.models import Absence, Customer, Entity, Item, Role, Task
from encours.usecases.customer_timeline import named
from encours.usecases.manage_tasks import ACT, does_for
from encours.usecases.send_copies import ACT as SEND_ACT
from encours.usecases.send_copies import TASK as SEND_COPY
from encours.usecases.viewing import Viewing
from encours.usecases.write_comment import colleagues

VIEWS = ("mine", "team", "done")
_MOST = 200


@dataclass(frozen=True)
class TaskRow:
    """A task with its customer and item; `for_whom`: whose it is, where the reader stands in or it is a role's."""

    task_id: int
    kind: str
    title: str
    detail: str
    customer_id: str
    customer_name: str
    item_id: str
    number: str
    owner_id: int
    owner: str
    owner_role: str
    due_on: date
    late_days: int
    state: str
    outcome: str
    own: bool
    may_send: bool = False  # the copy that it asks for


@dataclass(frozen=True)
class TasksPage:
    """The list; `people` may be given tasks, `absences` those that are under way or to come."""

    view: str
    rows: list[TaskRow]
    counts: dict[str, int]
    people: list[tuple[int, str]]
    absences: list[tuple[str, str, date, date]]  # who, stand-in, from, to
    may_assign: bool
    entities: list[tuple[str, str]] = field(default_factory=list)  # where a task may be given


def show_tasks(viewing: Viewing, view: str = "") -> TasksPage:
    """The tasks of a view, the most overdue first."""
    view = view if view in VIEWS else VIEWS[0]
    user, today = viewing.actor.user, viewing.today
    doing = set() if user is None else does_for(user.pk, today)
    open_ones = viewing.rows(Task).filter(state=Task.State.OPEN)
    # A task about no customer is its owner's, whatever portfolio limits them.
    alone = Q(pk__in=Task.objects.filter(owner_id__in=doing, customer_id=None, entity_id__in=viewing.entity_ids))
    seen = Task.objects.filter(Q(pk__in=open_ones.values("pk")) | alone, state=Task.State.OPEN)
    mine = seen.filter(_for(viewing, doing))
    done = viewing.rows(Task).exclude(state=Task.State.OPEN).filter(closed_by=user)
    chosen = {"mine": mine, "team": open_ones, "done": done.order_by("-closed_at")}[view]
    rows = chosen.select_related("owner") if view == "done" else chosen.select_related("owner").order_by("due_on", "pk")
    entities = [one for one in viewing.entity_ids if viewing.actor.may(ACT, one).ok]
    people = {} if user is None else {user.pk: named(user)}
    people |= {person.pk: named(person) for one in viewing.entity_ids for person in colleagues(one)}
    counts = {"mine": mine.count(), "team": open_ones.count(), "done": done.count()}
    shown = _rows(viewing, list(rows[:_MOST]), doing)
    listed = sorted(people.items(), key=lambda one: one[1].casefold())
    named_ones = [(row.pk, row.name) for row in Entity.objects.filter(pk__in=entities).order_by("name")]
    return TasksPage(view, shown, counts, listed, _absences(viewing, set(people)), bool(entities), named_ones)


def tasks_of(viewing: Viewing, customer_id: str) -> list[TaskRow]:
    """The open tasks about one customer, the most overdue first."""
    user = viewing.actor.user
    rows = viewing.rows(Task).filter(customer_id=customer_id, state=Task.State.OPEN).select_related("owner")
    doing = set() if user is None else does_for(user.pk, viewing.today)
    return _rows(viewing, list(rows.order_by("due_on", "pk")[:_MOST]), doing)


def _for(viewing: Viewing, doing: set[int]) -> Q:
    """What is one's own, or a stood-in colleague's, or nobody's and of a role that one has."""
    wanted = Q(owner_id__in=doing)
    for entity_id in viewing.entity_ids:
        roles = viewing.actor.roles.get(entity_id, frozenset())
        anybody = [*roles, ""] + (["billing"] if Role.Kind.CREDIT_MANAGER in roles else [])
        wanted |= Q(entity_id=entity_id, owner=None, owner_role__in=anybody)
    return wanted


def _rows(viewing: Viewing, tasks: list[Task], doing: set[int]) -> list[TaskRow]:
    customers = {task.customer_id for task in tasks if task.customer_id}
    names = dict(viewing.facts(Customer).filter(customer_id__in=customers).values_list("customer_id", "name"))
    items = {task.item_id for task in tasks if task.item_id}
    numbers = dict(viewing.facts(Item).filter(item_id__in=items).values_list("item_id", "number"))
    return [
        TaskRow(
            task.pk, task.kind, task.title, task.detail, task.customer_id or "", names.get(task.customer_id or "", ""),
            task.item_id or "", numbers.get(task.item_id or "", ""), task.owner_id or 0, named(task.owner),
            task.owner_role, task.due_on, max(0, (viewing.today - task.due_on).days), str(task.state), task.outcome,
            task.owner_id in doing,
            task.kind == SEND_COPY and _may_send(viewing, task, doing),
        )
        for task in tasks
    ]  # fmt: skip


def _may_send(viewing: Viewing, task: Task, doing: set[int]) -> bool:
    """Whether the reader may send the copy that a task asks for, and close it with that."""
    closes = task.owner_id in doing or viewing.actor.may(ACT, task.entity_id).ok
    return closes and viewing.actor.may(SEND_ACT, task.entity_id).ok


def _absences(viewing: Viewing, people: set[int]) -> list[tuple[str, str, date, date]]:
    rows = Absence.objects.filter(user_id__in=people, to_on__gte=viewing.today).select_related("user", "stand_in")
    soon = rows.order_by("from_on", "pk")[:20]
    return [(named(row.user), named(row.stand_in), row.from_on, row.to_on) for row in soon]
