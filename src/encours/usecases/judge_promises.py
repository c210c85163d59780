"""Promises kept or broken, by what was booked and matched: every night and after imports, from the facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import Max

from encours.core.base.groups import payers
from encours.core.dunning.promises import MONEY_SCHEMA, PROMISED_SCHEMA, SETTLED_SCHEMA, judge
from encours.store import audit, frames, parquet
from encours.store.models import (
    Allocation,
    Entity,
    Event,
    Import,
    Item,
    PaymentPlan,
    Promise,
    PromiseResult,
    Receipt,
    Statement,
    Task,
)
from encours.usecases import clock
from encours.usecases.agree_plan import close_plan, left_of
from encours.usecases.deciding import write_facts
from encours.usecases.manage_tasks import NewTask, finish, raise_tasks
from encours.usecases.merge.apply import Merged
from encours.usecases.promising import held_until, withdrawn_facts, worked_days_later
from encours.usecases.rights import Actor

#: The kind of the event that says a promise was broken: scenarios may start a step from it.
BROKEN_EVENT = "promise_broken"
#: So long after its day a promise is judged anew every time: late files and returned payments change the verdict.
_LOOK_BACK_DAYS = 60
_BROKEN = (PromiseResult.State.BROKEN, PromiseResult.State.PARTLY)


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
    """
    wanted = Entity.objects.values_list("entity_id", flat=True) if entity_ids is None else entity_ids
    as_of = day or clock.today()
    return [_judge_entity(actor, entity_id, as_of) for entity_id in sorted(set(wanted))]


def _judge_entity(actor: Actor, entity_id: str, as_of: date) -> Judged:
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        _follow_imported(entity_id)
        rows = _to_judge(entity_id, as_of)
        if not rows:
            return Judged(entity_id, 0, 0, 0, 0)
        verdicts = _verdicts(entity_id, rows, as_of)
        kept, broken, mended = _apply(rows, verdicts, as_of)
        merged = _tell(actor, entity_id, kept, broken, mended, as_of)
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


def _verdicts(entity_id: str, rows: Sequence[PromiseResult], as_of: date) -> dict[str, dict[str, Any]]:
    customers = sorted({row.customer_id for row in rows})
    pays = _payers(customers)
    promised = pl.DataFrame(
        [
            {name: getattr(row, name) for name in PROMISED_SCHEMA if name != "payer"}
            | {"payer": pays.get(row.customer_id, row.customer_id)}
            for row in rows
        ],
        schema=PROMISED_SCHEMA,
    )
    items = _named_items(customers, rows)
    settled = _settled(items, as_of)
    money = _money(entity_id, pays, as_of)
    open_amounts = {item_id: row.open for item_id, row in items.items()}
    found = judge(promised, open_amounts, settled, money, as_of, _banked_on(entity_id, as_of))
    return {str(row["promise_id"]): row for row in found.iter_rows(named=True)}


def _named_items(customers: Sequence[str], rows: Sequence[PromiseResult]) -> dict[str, Item]:
    """The items that promises name; of a promise that names none, all of its customer."""
    named = {row.item_id for row in rows if row.item_id is not None}
    whole = {row.customer_id for row in rows if row.item_id is None}
    found = {row.item_id: row for row in Item.objects.filter(item_id__in=named, is_current=True)}
    for row in Item.objects.filter(customer_id__in=whole, is_current=True):
        found[row.item_id] = row
    return found


def _settled(items: dict[str, Item], as_of: date) -> pl.DataFrame:
    """SETTLED_SCHEMA: what settled the items, on the day its money was booked, else on its accounting date."""
    standing = Allocation.objects.filter(item_id__in=list(items), is_current=True, reversed_on__isnull=True)
    columns = ("allocation_id", "item_id", "amount", "allocated_on", "receipt_id")
    lines = list(standing.filter(allocated_on__lte=as_of).values_list(*columns))
    receipts = {line[4] for line in lines if line[4] is not None}
    booked = dict(
        Receipt.objects.filter(receipt_id__in=receipts, is_current=True).values_list("receipt_id", "booked_on")
    )
    told = [
        (proof, item_id, items[item_id].customer_id, booked.get(receipt or "", on), amount)
        for proof, item_id, amount, on, receipt in lines
    ]
    return pl.DataFrame(told, schema=SETTLED_SCHEMA, orient="row")


def _payers(customers: Sequence[str]) -> dict[str, str]:
    links = frames.versions(
        "customer_links", pl.Series(customers, dtype=pl.String), ["customer_id", "other_id", "role"], current=True
    )
    found, _ = payers(pl.DataFrame({"customer_id": customers}), links)
    return dict(found.select("customer_id", "payer_id").iter_rows())


def _money(entity_id: str, pays: dict[str, str], as_of: date) -> pl.DataFrame:
    """MONEY_SCHEMA: what these customers and their payers sent and nobody applied yet."""
    who = {**pays, **{payer: payer for payer in pays.values()}}
    loose = Receipt.objects.filter(
        entity_id=entity_id, customer_id__in=list(who), is_current=True, unapplied__gt=0, booked_on__lte=as_of
    )
    rows = loose.values_list("receipt_id", "customer_id", "currency", "booked_on", "unapplied")
    told = [(proof, who[customer], currency, on, amount) for proof, customer, currency, on, amount in rows]
    return pl.DataFrame(told, schema=MONEY_SCHEMA, orient="row")


def _banked_on(entity_id: str, as_of: date) -> date | None:
    """The day that the data of every bank account in use covers; without bank data, that of the ledger's receipts."""
    lately = as_of - timedelta(days=45)
    for origin in ("bank", "ledger"):
        mine = Receipt.objects.filter(entity_id=entity_id, origin=origin, is_current=True, booked_on__lte=as_of)
        last: dict[str, date] = dict(
            mine.filter(booked_on__gte=lately)
            .values("account")
            .annotate(last=Max("booked_on"))
            .values_list("account", "last")
        )
        if not last:
            continue
        told = Statement.objects.filter(entity_id=entity_id, is_current=True, account__in=list(last), to_on__lte=as_of)
        for account, to_on in told.values("account").annotate(last=Max("to_on")).values_list("account", "last"):
            last[account] = max(last[account], to_on)
        return min(last.values())
    newest = Import.objects.filter(entity_id=entity_id).order_by("-received_at").first()
    return None if newest is None else min(newest.received_at.date(), as_of)


def _apply(
    rows: Sequence[PromiseResult], verdicts: dict[str, dict[str, Any]], as_of: date
) -> tuple[list[PromiseResult], list[PromiseResult], list[PromiseResult]]:
    """Stores the verdicts: those newly kept, newly broken, and those that were called broken and are not."""
    kept, broken, mended, changed = [], [], [], []
    for row in rows:
        verdict = verdicts[row.promise_id]
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
        broken += [row] if now in _BROKEN and before not in _BROKEN else []
        mended += [row] if before in _BROKEN and now not in _BROKEN else []
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
    """One task a promise, with the items in it; none where all of them were paid meanwhile, late as it was."""
    standing = _standing(entity_id, {_key(row) for row in (*broken, *mended)}, (*broken, *mended))
    open_items = _open_numbers([row for rows in standing.values() for row in rows])
    numbers = {key: _numbers(rows, open_items) for key, rows in standing.items()}
    told = {str(task.key): task for task in Task.objects.filter(entity_id=entity_id, key__in=list(numbers))}
    wanted = [
        _task(rows, as_of, numbers[key]) for key, rows in standing.items()
        if key not in told and any(row in rows for row in broken) and _is_owed(rows, open_items)
    ]  # fmt: skip
    raise_tasks(actor, wanted)
    for key, task in told.items():
        if task.state != Task.State.OPEN:
            continue
        if not standing[key]:
            finish(actor, task, "the money came in time", dropped=True)
            continue
        item_id = standing[key][0].item_id if len(standing[key]) == 1 else None
        if (task.item_id, task.detail) != (item_id, numbers[key]):
            task.item_id, task.detail = item_id, numbers[key]
            task.save(update_fields=["item_id", "detail"])


def _standing(entity_id: str, keys: set[str], rows: Sequence[PromiseResult]) -> dict[str, list[PromiseResult]]:
    """Of each key, the promises that are broken, the first due first."""
    mine = PromiseResult.objects.filter(
        entity_id=entity_id, state__in=_BROKEN, customer_id__in={row.customer_id for row in rows}
    )
    found: dict[str, list[PromiseResult]] = {key: [] for key in sorted(keys)}
    for row in mine.select_related("plan", "outcome").order_by("due_on", "promise_id"):
        if (key := _key(row)) in found:
            found[key].append(row)
    return found


def _open_numbers(rows: Sequence[PromiseResult]) -> dict[str, str]:
    """Item -> its number, of those named that are still open."""
    ids = {row.item_id for row in rows if row.item_id is not None}
    found = Item.objects.filter(item_id__in=ids, is_current=True, open__gt=0)
    return {item_id: number or item_id for item_id, number in found.values_list("item_id", "number")}


def _is_owed(rows: Sequence[PromiseResult], open_items: Mapping[str, str]) -> bool:
    return any(row.plan is not None or row.item_id is None or row.item_id in open_items for row in rows)


def _numbers(rows: Sequence[PromiseResult], open_items: Mapping[str, str]) -> str:
    """The numbers of the items, where there are several: of one the task bears the item itself."""
    ids = dict.fromkeys(row.item_id or "" for row in rows)
    named = [open_items[item_id] for item_id in ids if item_id in open_items]
    return ", ".join(named) if len(rows) > 1 else ""


def _task(rows: Sequence[PromiseResult], as_of: date, numbers: str) -> NewTask:
    row = rows[0]
    taker = row.outcome.user_id if row.outcome is not None else None
    plan = row.plan is not None
    return NewTask(
        row.entity_id,
        "plan_broken" if plan else "promise_broken",
        worked_days_later(row.entity_id, as_of, 1),
        customer_id=row.customer_id,
        item_id=row.item_id if len(rows) == 1 else None,
        detail=numbers,
        origin=f"promise:{row.promise_id}",
        owner_id=None if plan else taker,
        owner_role="credit_manager" if plan else "collector",
        key=_key(row),
    )


def _key(row: PromiseResult) -> str:
    """One call for a promise over several items, and one decision for a plan."""
    if row.plan is not None:
        return f"plan_broken:{row.plan.pk}"
    if row.outcome is not None:
        return f"promise_broken:outcome:{row.outcome.pk}"
    return f"promise_broken:{row.customer_id}:{row.due_on.isoformat()}"[:190]
