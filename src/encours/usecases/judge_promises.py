"""Promises kept or broken, by what was booked and matched: every night and after imports, from the facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from encours.store import audit, parquet
from encours.store.models import (
    Entity,
    Event,
    Item,
    PaymentPlan,
    Promise,
    PromiseResult,
    Task,
)
from encours.usecases import clock
from encours.usecases.agree_plan import close_plan, left_of
from encours.usecases.deciding import write_facts
from encours.usecases.manage_tasks import NewTask, finish, raise_tasks
from encours.usecases.merge.apply import Merged
from encours.usecases.promise_facts import verdicts
from encours.usecases.promising import held_until, withdrawn_facts, worked_days_later
from encours.usecases.rights import Actor
from encours.usecases.settled_promises import (
    BROKEN,
    CALL,
    DECISION,
    IN_TIME,
    close_settled,
    key_of,
    numbers_of,
    owed_of,
    reopen_unpaid,
    standing_of,
)

#: The kind of the event that says a promise was broken: scenarios may start a step from it.
BROKEN_EVENT = "promise_broken"
#: So long after its day a promise is judged anew every time: late files and returned payments change the verdict.
_LOOK_BACK_DAYS = 60


@dataclass(frozen=True)
class Judged:
    """What a look at one entity's promises changed."""

    entity_id: str
    promises: int
    kept: int
    broken: int
    mended: int


def judge_promises(actor: Actor, entity_ids: Iterable[str] | None = None, day: date | None = None) -> list[Judged]:
    """Judges the promises of some entities (None: all). Done twice it changes nothing the second time.

    A broken one raises the event `promise_broken` and a task for whoever took it; the plan it belonged to ends, and
    what holds reminders for it is gone. Where a late file shows that the money came in time, all that is taken back.
    Where it came late the promise stays broken, and what there was to do about it ends, until that is taken back.
    """
    wanted = Entity.objects.values_list("entity_id", flat=True) if entity_ids is None else entity_ids
    as_of = day or clock.today()
    return [_judge_entity(actor, entity_id, as_of) for entity_id in sorted(set(wanted))]


def _judge_entity(actor: Actor, entity_id: str, as_of: date) -> Judged:
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        _follow_imported(entity_id)
        rows = _to_judge(entity_id, as_of)
        kept, broken, mended = _apply(rows, verdicts(entity_id, rows, as_of) if rows else {}, as_of)
        merged = _tell(actor, entity_id, kept, broken, mended, as_of)
        close_settled(actor, entity_id, as_of)
        reopen_unpaid(actor, entity_id, as_of)
    if merged is not None:
        merged.extend_copies()
    return Judged(entity_id, len(rows), len(kept), len(broken), len(mended))


def _follow_imported(entity_id: str) -> None:
    """A row for each promise that a file brought: those recorded here have theirs already."""
    known = PromiseResult.objects.filter(entity_id=entity_id).values("promise_id")
    facts = Promise.objects.filter(entity_id=entity_id, is_current=True).exclude(promise_id__in=known)
    currencies = dict(
        Item.objects.filter(item_id__in=facts.values("item_id"), is_current=True).values_list("item_id", "currency")
    )
    own = Entity.objects.values_list("currency", flat=True).get(pk=entity_id)
    PromiseResult.objects.bulk_create(
        PromiseResult(
            entity_id=entity_id, promise_id=row.promise_id, customer_id=row.customer_id, item_id=row.item_id,
            kind=row.kind, amount=row.amount, currency=currencies.get(row.item_id or "", own), made_on=row.made_on,
            due_on=row.due_on, held_until=held_until(entity_id, row.kind, row.due_on),
        )
        for row in facts
    )  # fmt: skip


def _to_judge(entity_id: str, as_of: date) -> list[PromiseResult]:
    """What waits, and what was judged of the last two months."""
    mine = PromiseResult.objects.filter(entity_id=entity_id).exclude(state=PromiseResult.State.WITHDRAWN)
    recent = mine.filter(due_on__gte=as_of - timedelta(days=_LOOK_BACK_DAYS))
    return list((recent | mine.filter(state=PromiseResult.State.PENDING)).select_related("plan", "outcome"))


def _apply(
    rows: Sequence[PromiseResult], found: dict[str, dict[str, Any]], as_of: date
) -> tuple[list[PromiseResult], list[PromiseResult], list[PromiseResult]]:
    """Stores the verdicts: those newly kept, newly broken, and those that were called broken and are not."""
    kept, broken, mended, changed = [], [], [], []
    for row in rows:
        verdict = found[row.promise_id]
        before, now = row.state, PromiseResult.State(str(verdict["state"]))
        same = (before, row.paid, row.evidence) == (now, verdict["paid"], verdict["evidence"])
        if same:
            continue
        row.state, row.paid, row.evidence = now, verdict["paid"], verdict["evidence"]
        changed.append(row)
        if before == now:
            continue
        row.judged_on = None if now == PromiseResult.State.PENDING else as_of
        kept += [row] if now == PromiseResult.State.KEPT else []
        broken += [row] if now in BROKEN and before not in BROKEN else []
        mended += [row] if before in BROKEN and now not in BROKEN else []
    PromiseResult.objects.bulk_update(changed, ["state", "paid", "evidence", "judged_on"], batch_size=500)
    return kept, broken, mended


def _tell(
    actor: Actor,
    entity_id: str,
    kept: Sequence[PromiseResult],
    broken: Sequence[PromiseResult],
    mended: Sequence[PromiseResult],
    as_of: date,
) -> Merged | None:
    """Events, tasks, plans and the audit of what changed, in the caller's transaction."""
    events = {(_subject(row), row.due_on): _event(row) for row in broken}
    gone = [event for row in mended if (event := _told_before(row)) is not None]
    ended = _end_plans(broken)
    facts = {"events": [*gone, *events.values()], "promises": withdrawn_facts(ended)}
    merged = write_facts(facts, entity_id) if any(facts.values()) else None
    _follow_tasks(actor, entity_id, broken, mended, as_of)
    for plan in PaymentPlan.objects.filter(instalments__in=kept, state=PaymentPlan.State.STANDING).distinct():
        if not plan.instalments.exclude(state=PromiseResult.State.KEPT).exists():
            close_plan(plan, PaymentPlan.State.KEPT, [])
    told = (*kept, *broken, *(row for row in mended if row not in kept))
    entries = [
        audit.Entry("judge_promise", entity_id, row.promise_id, None, {"state": str(row.state), "paid": row.paid})
        for row in told
    ]
    if entries:
        audit.append_many(clock.now(), actor.name, entries)
    return merged


def _subject(row: PromiseResult) -> tuple[str, str]:
    return ("customer", row.customer_id) if row.item_id is None else ("item", row.item_id)


def _event(row: PromiseResult) -> dict[str, object]:
    """Dated the day after the promise's, whenever it was judged: a step that follows it starts once, not twice."""
    subject, subject_id = _subject(row)
    return {
        "subject": subject,
        "subject_id": subject_id,
        "kind": BROKEN_EVENT,
        "on": row.due_on + timedelta(days=1),
        "value": row.promise_id,
        "voided": None,
    }


def _told_before(row: PromiseResult) -> dict[str, object] | None:
    """The version that takes back what was told of a promise that was kept after all."""
    subject, subject_id = _subject(row)
    same = Event.objects.filter(subject=subject, subject_id=subject_id, kind=BROKEN_EVENT, value=row.promise_id)
    event = same.filter(is_current=True).order_by("-pk").first()
    if event is None:
        return None
    return {"subject": subject, "subject_id": subject_id, "kind": BROKEN_EVENT, "on": event.on, "voided": True}


def _end_plans(broken: Sequence[PromiseResult]) -> list[PromiseResult]:
    """One missed instalment ends its plan: what was still to come is due again. Those instalments."""
    found: list[PromiseResult] = []
    for plan in {row.plan.pk: row.plan for row in broken if row.plan is not None}.values():
        if plan.state == PaymentPlan.State.STANDING:
            left = left_of(plan)
            close_plan(plan, PaymentPlan.State.BROKEN, left)
            found += left
    return found


def _follow_tasks(
    actor: Actor, entity_id: str, broken: Sequence[PromiseResult], mended: Sequence[PromiseResult], as_of: date
) -> None:
    """One task a promise, with the items in it; none where all of it was paid meanwhile, late as it was."""
    changed = (*broken, *mended)
    standing = standing_of(entity_id, {key_of(row) for row in changed}, {row.customer_id for row in changed})
    owed = owed_of(entity_id, [row for rows in standing.values() for row in rows], as_of)
    told = {str(task.key): task for task in Task.objects.filter(entity_id=entity_id, key__in=list(standing))}
    wanted = {key: [row for row in rows if row in owed] for key, rows in standing.items()
              if key not in told and any(row in rows for row in broken)}  # fmt: skip
    raise_tasks(actor, [_task(rows, as_of) for rows in wanted.values() if rows])
    for key, task in told.items():
        if task.state == Task.State.OPEN and not standing[key]:
            finish(actor, task, IN_TIME, dropped=True)


def _task(rows: Sequence[PromiseResult], as_of: date) -> NewTask:
    row = rows[0]
    taker = row.outcome.user_id if row.outcome is not None else None
    plan = row.plan is not None
    return NewTask(
        row.entity_id,
        DECISION if plan else CALL,
        worked_days_later(row.entity_id, as_of, 1),
        customer_id=row.customer_id,
        item_id=row.item_id if len(rows) == 1 else None,
        detail=numbers_of(dict.fromkeys(one.item_id or "" for one in rows)) if len(rows) > 1 else "",
        origin=f"promise:{row.promise_id}",
        owner_id=None if plan else taker,
        owner_role="credit_manager" if plan else "collector",
        key=key_of(row),
    )
