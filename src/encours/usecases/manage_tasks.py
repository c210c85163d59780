"""Tasks of people: opened by hand or by what happened, taken over by a stand-in during an absence, closed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Absence, Role, Task, User
from encours.usecases import clock
from encours.usecases.contact_outcomes import TASKS
from encours.usecases.promising import customer_of
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.send_notices import TASK_GIVEN, Notice, send_notices

ACT = "assign_task"
_LONGEST_TITLE = 255
#: How deep stand-ins stand in for each other; a ring of absences ends there.
_STAND_INS = 5


@dataclass(frozen=True)
class NewTask:
    """A task to be opened. `key` (kind and cause) makes it one however often it is raised; `title` where its kind does
    not say enough."""

    entity_id: str
    kind: str
    due_on: date
    title: str = ""
    customer_id: str | None = None
    item_id: str | None = None
    action_id: str | None = None
    origin: str = ""
    detail: str = ""
    owner_id: int | None = None
    owner_role: str = ""
    key: str | None = None


def open_task(actor: Actor, new: NewTask) -> Task:
    """Opens a task by hand; its owner is told by e-mail. Raises NotAllowedError, or CallError naming every fault."""
    require(actor, ACT, new.entity_id)
    if new.customer_id is not None:
        customer_of(actor, new.customer_id, ACT)
    faults = [] if new.title.strip() else ["a task needs a title"]
    faults += [] if new.kind in TASKS else [f"{new.kind!r} is no kind of task"]
    if new.owner_id is not None and not works_in(new.owner_id, new.entity_id):
        faults.append("the owner has no role in this entity")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        parquet.lock_entity(new.entity_id)
        return raise_tasks(actor, [new])[0]


def raise_tasks(actor: Actor, wanted: Sequence[NewTask]) -> list[Task]:
    """Opens tasks in the caller's transaction, under the entity's lock; one whose key is known is the same.

    Nobody's rights are asked: whatever raises a task was allowed to do what it follows from.
    """
    found = []
    for new in wanted:
        before = Task.objects.filter(entity_id=new.entity_id, key=new.key).first() if new.key else None
        if before is not None:
            found.append(before)
            continue
        task = Task.objects.create(
            entity_id=new.entity_id, kind=new.kind, key=new.key, customer_id=new.customer_id, item_id=new.item_id,
            action_id=new.action_id, origin=new.origin, title=new.title.strip()[:_LONGEST_TITLE], detail=new.detail,
            owner_id=new.owner_id, owner_role=new.owner_role, due_on=new.due_on, created_at=clock.now(),
            created_by=actor.user,
        )  # fmt: skip
        _audit(actor, "open_task", task, {"kind": task.kind, "owner": task.owner_id, "due_on": task.due_on.isoformat()})
        _tell(actor, task)
        found.append(task)
    return found


def close_task(actor: Actor, task_id: int, outcome: str = "", *, dropped: bool = False) -> Task:
    """Closes a task as done, or as dropped. Twice is once. Its owner may, and whoever may give tasks.

    Raises NotAllowedError.
    """
    with transaction.atomic():
        task = _locked(actor, task_id)
        if task.state != Task.State.OPEN:
            return task
        finish(actor, task, outcome, dropped=dropped)
    return task


def task_of(actor: Actor, task_id: int) -> Task:
    """A task that this person sees. Raises NotAllowedError."""
    found = actor.scope(Task).filter(pk=task_id).first() or _own(actor, task_id)
    if found is None:
        raise NotAllowedError(ACT, None, "not_visible")
    return found


def finish(actor: Actor, task: Task, outcome: str = "", *, dropped: bool = False) -> None:
    """Closes an open task in the caller's transaction."""
    task.state = Task.State.DROPPED if dropped else Task.State.DONE
    task.outcome, task.closed_at, task.closed_by = outcome.strip()[:_LONGEST_TITLE], clock.now(), actor.user
    task.save(update_fields=["state", "outcome", "closed_at", "closed_by"])
    _audit(actor, "close_task", task, {"state": str(task.state)})


def reopen(actor: Actor, task: Task, due_on: date) -> None:
    """Opens a task again whose reason has come back, in the caller's transaction; its owner hears of it."""
    task.state, task.due_on = Task.State.OPEN, due_on
    task.outcome, task.closed_at, task.closed_by = "", None, None
    task.save(update_fields=["state", "due_on", "outcome", "closed_at", "closed_by"])
    _audit(actor, "reopen_task", task, {"due_on": due_on.isoformat()})
    _tell(actor, task)


def reassign_task(actor: Actor, task_id: int, owner_id: int, due_on: date | None = None) -> Task:
    """Gives a task to another person, or another day. Raises NotAllowedError, CallError."""
    with transaction.atomic():
        task = _locked(actor, task_id)
        require(actor, ACT, task.entity_id)
        if task.state != Task.State.OPEN:
            raise CallError(["the task is closed already"])
        if not works_in(owner_id, task.entity_id):
            raise CallError(["the owner has no role in this entity"])
        if task.owner_id == owner_id and due_on in (None, task.due_on):
            return task
        task.owner_id, task.due_on = owner_id, due_on or task.due_on
        task.save(update_fields=["owner", "due_on"])
        _audit(actor, "reassign_task", task, {"owner": owner_id, "due_on": task.due_on.isoformat()})
        _tell(actor, task)
    return task


def stands_in(user_id: int, day: date) -> int:
    """Who does a person's work on a day: their stand-in during an absence, whose own stand-in where they are away."""
    for _ in range(_STAND_INS):
        away = Absence.objects.filter(user_id=user_id, from_on__lte=day, to_on__gte=day).order_by("-pk").first()
        if away is None:
            return user_id
        user_id = away.stand_in_id
    return user_id


def does_for(user_id: int, day: date) -> set[int]:
    """Numbers of the people whose work a person does on a day: their own, and those they stand in for."""
    away = Absence.objects.filter(from_on__lte=day, to_on__gte=day).values_list("user_id", flat=True)
    return {user_id} | {one for one in set(away) if stands_in(one, day) == user_id}


def save_absence(actor: Actor, user_id: int, from_on: date, to_on: date, stand_in_id: int) -> Absence:
    """Keeps an absence: one's own, or somebody's where one gives tasks in an entity of theirs.

    Raises NotAllowedError, or CallError naming every fault.
    """
    own = actor.user is not None and actor.user.pk == user_id
    theirs = set(Role.objects.filter(user_id=user_id).values_list("entity_id", flat=True))
    if not own and not any(actor.may(ACT, entity).ok for entity in theirs):
        raise NotAllowedError(ACT, None, "no_role")
    faults = []
    if to_on < from_on:
        faults.append("an absence ends before it begins")
    if stand_in_id == user_id:
        faults.append("nobody stands in for themselves")
    if not set(Role.objects.filter(user_id=stand_in_id).values_list("entity_id", flat=True)) & theirs:
        faults.append("the stand-in has no role in this entity")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        same = {"user_id": user_id, "from_on": from_on, "to_on": to_on, "stand_in_id": stand_in_id}
        before = Absence.objects.filter(**same).first()
        if before is not None:
            return before
        row = Absence.objects.create(**same, made_by=actor.user, made_at=clock.now())
        after = {"from_on": from_on.isoformat(), "to_on": to_on.isoformat(), "stand_in": stand_in_id}
        audit.append(clock.now(), actor.name, "save_absence", subject=f"user:{user_id}", after=after)
    return row


def _locked(actor: Actor, task_id: int) -> Task:
    seen = task_of(actor, task_id)
    parquet.lock_entity(seen.entity_id)
    task = Task.objects.get(pk=task_id)
    mine = actor.user is not None and task.owner_id in does_for(actor.user.pk, clock.today())
    if not mine:
        require(actor, ACT, task.entity_id)
    return task


def _own(actor: Actor, task_id: int) -> Task | None:
    """A task about no customer is its owner's, whatever portfolio limits them."""
    if actor.user is None:
        return None
    mine = does_for(actor.user.pk, clock.today())
    return Task.objects.filter(pk=task_id, owner_id__in=mine, entity_id__in=actor.entities).first()


def works_in(user_id: int, entity_id: str) -> bool:
    """Whether a person has a role in an entity."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and (user.is_superuser or Role.objects.filter(user=user, entity_id=entity_id).exists())


def _tell(actor: Actor, task: Task) -> None:
    """The person who is to do it is told, unless they gave it to themselves."""
    if task.owner_id is None:
        return
    reader = stands_in(task.owner_id, clock.today())
    if actor.user is None or actor.user.pk != reader:
        about = task.customer_id or ""
        task_of = {"title": task.title, "kind": task.kind, "due_on": task.due_on}
        notice = Notice(TASK_GIVEN, task.entity_id, reader, about, {"task": task_of})
        send_notices([notice], actor.user)


def _audit(actor: Actor, act: str, task: Task, after: dict[str, object]) -> None:
    audit.append(clock.now(), actor.name, act, entity_id=task.entity_id, subject=f"task:{task.pk}", after=after)
