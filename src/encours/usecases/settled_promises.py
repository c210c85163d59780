"""The call about a broken promise, the decision about a broken plan: both end once what they ask for is paid.

Late as it was: the promise stays broken, and scores the payer as such. What is paid in part keeps its task. Where the
payment is taken back (a direct debit or a cheque comes back, a match is undone) the task is there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from encours.store.models import Item, PromiseResult, Task
from encours.usecases import clock
from encours.usecases.manage_tasks import finish, reopen
from encours.usecases.promise_facts import verdicts
from encours.usecases.promising import worked_days_later
from encours.usecases.rights import Actor

CALL, DECISION = "promise_broken", "plan_broken"
#: Why such a task ended, as its history tells it.
SETTLED = "what was promised has been paid since"
IN_TIME = "the money came in time"
#: So long after a task ended its payment may be taken back: a direct debit that nobody allowed, for thirteen months.
_TAKEN_BACK_DAYS = 400
BROKEN = (PromiseResult.State.BROKEN, PromiseResult.State.PARTLY)


def close_settled(actor: Actor, entity_id: str, as_of: date) -> int:
    """Closes the open tasks about promises of which nothing is owed any more; how many. Done twice it changes nothing.

    In the caller's transaction, under the entity's lock. A task over several items keeps those that are owed.
    """
    tasks = {str(task.key): task for task in Task.objects.filter(
        entity_id=entity_id, kind__in=(CALL, DECISION), state=Task.State.OPEN, key__isnull=False)}  # fmt: skip
    standing = standing_of(entity_id, set(tasks), {task.customer_id or "" for task in tasks.values()})
    owed = owed_of(entity_id, [row for rows in standing.values() for row in rows], as_of)
    closed = 0
    for key, rows in standing.items():
        left = [row for row in rows if row in owed]
        if rows and not left:
            finish(actor, tasks[key], SETTLED, dropped=True)
            closed += 1
        elif rows:
            tell_items(tasks[key], left)
    return closed


def reopen_unpaid(actor: Actor, entity_id: str, as_of: date) -> int:
    """Opens the tasks again that had ended because of a payment which was taken back; how many. Done twice it changes
    nothing; what a person closed stays closed.

    In the caller's transaction, under the entity's lock.
    """
    since = clock.begins(as_of - timedelta(days=_TAKEN_BACK_DAYS))
    ended = Task.objects.filter(
        entity_id=entity_id, kind__in=(CALL, DECISION), state=Task.State.DROPPED, outcome__in=(SETTLED, IN_TIME),
        closed_at__gte=since, key__isnull=False,
    )  # fmt: skip
    tasks = {str(task.key): task for task in ended}
    standing = standing_of(entity_id, set(tasks), {task.customer_id or "" for task in tasks.values()})
    owed = owed_of(entity_id, [row for rows in standing.values() for row in rows], as_of)
    found = 0
    for key, rows in standing.items():
        left = [row for row in rows if row in owed]
        if left:
            reopen(actor, tasks[key], worked_days_later(entity_id, as_of, 1))
            tell_items(tasks[key], left)
            found += 1
    return found


def owed_of(entity_id: str, rows: Sequence[PromiseResult], as_of: date) -> set[PromiseResult]:
    """Those broken promises of which something is owed still: of a plan, any of its items; else what was promised."""
    if not rows:
        return set()
    named = {item for row in rows for item in _items_of(row)}
    still_open = set(
        Item.objects.filter(item_id__in=named, is_current=True, open__gt=0).values_list("item_id", flat=True)
    )
    # Every promise of the customer that was judged draws on the same money: none is paid by what paid another.
    judged = PromiseResult.objects.filter(entity_id=entity_id, customer_id__in={row.customer_id for row in rows})
    beside = list(judged.filter(state__in=(PromiseResult.State.KEPT, *BROKEN)))
    kept = {one for one, row in verdicts(entity_id, beside, as_of, late=True).items() if row["state"] == "kept"}
    paid = {row.promise_id for row in rows if row.plan is None} & kept
    return {
        row for row in rows
        if row.promise_id not in paid and (not _items_of(row) or still_open.intersection(_items_of(row)))
    }  # fmt: skip


def _items_of(row: PromiseResult) -> list[str]:
    if row.plan is not None and row.plan.items:
        return list(row.plan.items)
    return [] if row.item_id is None else [row.item_id]


def tell_items(task: Task, rows: Sequence[PromiseResult]) -> None:
    """The task bears the item of its promise; where there are several, their numbers."""
    ids = list(dict.fromkeys(row.item_id for row in rows if row.item_id is not None))
    item_id = rows[0].item_id if len(rows) == 1 else None
    detail = numbers_of(ids) if len(rows) > 1 else ""
    if (task.item_id, task.detail) != (item_id, detail):
        task.item_id, task.detail = item_id, detail
        task.save(update_fields=["item_id", "detail"])


def numbers_of(ids: Iterable[str]) -> str:
    """The numbers of items, those that are still open."""
    wanted = list(ids)
    found = Item.objects.filter(item_id__in=wanted, is_current=True, open__gt=0)
    numbers = dict(found.values_list("item_id", "number"))
    return ", ".join(numbers[one] or one for one in wanted if one in numbers)


def standing_of(entity_id: str, keys: set[str], customers: set[str]) -> dict[str, list[PromiseResult]]:
    """Of each task's key, the promises that are broken, the first due first."""
    mine = PromiseResult.objects.filter(entity_id=entity_id, state__in=BROKEN, customer_id__in=customers)
    found: dict[str, list[PromiseResult]] = {key: [] for key in sorted(keys)}
    for row in mine.select_related("plan", "outcome").order_by("due_on", "promise_id"):
        if (key := key_of(row)) in found:
            found[key].append(row)
    return found


def key_of(row: PromiseResult) -> str:
    """One call for a promise over several items, and one decision for a plan."""
    if row.plan is not None:
        return f"{DECISION}:{row.plan.pk}"
    if row.outcome is not None:
        return f"{CALL}:outcome:{row.outcome.pk}"
    return f"{CALL}:{row.customer_id}:{row.due_on.isoformat()}"[:190]
