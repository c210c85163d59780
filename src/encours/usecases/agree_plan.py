"""Instalments agreed with a customer (échéancier), each followed like a promise; one that is missed ends the plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import ContactOutcome, Customer, Item, PaymentPlan, PromiseResult
from encours.usecases import clock
from encours.usecases.deciding import keep_decision, write_facts
from encours.usecases.merge.apply import Merged
from encours.usecases.promising import (
    INSTALMENT,
    Said,
    customer_of,
    facts_of,
    keep,
    owed_items,
    replaced,
    results_of,
    withdrawn_facts,
)
from encours.usecases.rights import Actor, NotAllowedError, require

ACT, END_ACT = "agree_plan", "end_plan"
_MOST_PARTS, _LONGEST_DAYS = 60, 3 * 366


def agree_plan(
    actor: Actor,
    customer_id: str,
    parts: Sequence[tuple[date, int]],
    *,
    key: str,
    items: Sequence[str] = (),
    why: str = "",
) -> PaymentPlan:
    """Agrees instalments, (day, amount) each, for some items (none named: all that is due). The same `key` is once.

    The parts must add up to what is open of the items. Raises NotAllowedError, or CallError naming every fault.
    """
    customer = customer_of(actor, customer_id, ACT)
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        before = PaymentPlan.objects.filter(key=key).first()
        if before is not None:
            return before
        plan, merged = write_plan(actor, customer, owed_items(customer, items), parts, key=key, why=why)
    merged.extend_copies()
    return plan


def write_plan(
    actor: Actor,
    customer: Customer,
    items: Sequence[Item],
    parts: Sequence[tuple[date, int]],
    *,
    key: str,
    why: str = "",
    outcome: ContactOutcome | None = None,
) -> tuple[PaymentPlan, Merged]:
    """Writes the plan in the caller's transaction, under the entity's lock."""
    check_parts(items, parts)
    total = sum(amount for _, amount in parts)
    require_plan(actor, customer.entity_id, total)
    rows = results_of(customer, items, [Said(INSTALMENT, day, amount) for day, amount in parts], key)
    plan = PaymentPlan.objects.create(
        entity_id=customer.entity_id,
        customer_id=customer.customer_id,
        currency=items[0].currency,
        total=total,
        items=[item.item_id for item in items],
        why=why.strip(),
        agreed_on=clock.today(),
        agreed_by=actor.user,
        key=key,
    )
    former = replaced(rows)
    merged = write_facts({"promises": [*withdrawn_facts(former), *facts_of(rows)]}, customer.entity_id)
    for row in rows:
        row.plan, row.outcome = plan, outcome
    keep(rows, former)
    more = {"customer": customer.customer_id, "parts": [[day.isoformat(), amount] for day, amount in parts]}
    keep_decision(actor, ACT, customer.entity_id, f"plan:{plan.pk}", amount=total, why=why.strip(), more=more)
    return plan, merged


def require_plan(actor: Actor, entity_id: str, total: int) -> None:
    """Raises NotAllowedError where the actor may not agree to a plan of this size alone."""
    if require(actor, ACT, entity_id, total).second_signature:
        raise NotAllowedError(ACT, entity_id, "second_signature_needed")


def check_parts(items: Sequence[Item], parts: Sequence[tuple[date, int]]) -> None:
    """Raises CallError naming every fault of the instalments."""
    faults, today = [], clock.today()
    if len(parts) < 2:
        faults.append("a plan has two instalments or more")
    if len(parts) > _MOST_PARTS:
        faults.append(f"a plan has at most {_MOST_PARTS} instalments")
    if any(amount <= 0 for _, amount in parts):
        faults.append("every instalment must be more than nothing")
    if any(day < today for day, _ in parts):
        faults.append("every instalment is for today or later")
    if any((day - today).days > _LONGEST_DAYS for day, _ in parts):
        faults.append("no instalment may be more than three years away")
    if len({day for day, _ in parts}) != len(parts):
        faults.append("every instalment has a day of its own")
    owed = sum(item.open for item in items)
    if sum(amount for _, amount in parts) != owed:
        faults.append("the instalments do not add up to what is open of the items")
    if faults:
        raise CallError(faults)


def end_plan(actor: Actor, plan_id: int, why: str) -> PaymentPlan:
    """Ends a plan: what is left of it holds nothing any more. Twice is once. Raises NotAllowedError, CallError."""
    seen = actor.scope(PaymentPlan).filter(pk=plan_id).first()
    if seen is None:
        raise NotAllowedError(END_ACT, None, "not_visible")
    require(actor, ACT, seen.entity_id, seen.total)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        plan = PaymentPlan.objects.get(pk=plan_id)
        if plan.state != PaymentPlan.State.STANDING:
            return plan
        if not why.strip():
            raise CallError(["say why the plan ends"])
        left = left_of(plan)
        merged = write_facts({"promises": withdrawn_facts(left)}, plan.entity_id) if left else None
        close_plan(plan, PaymentPlan.State.ENDED, left)
        keep_decision(actor, END_ACT, plan.entity_id, f"plan:{plan.pk}", amount=plan.total, why=why.strip())
    if merged is not None:
        merged.extend_copies()
    return plan


def left_of(plan: PaymentPlan) -> list[PromiseResult]:
    """The instalments that are still to come."""
    return list(plan.instalments.filter(state=PromiseResult.State.PENDING))


def close_plan(plan: PaymentPlan, state: PaymentPlan.State, left: Sequence[PromiseResult]) -> None:
    """Marks a plan and what is left of it, in the caller's transaction; the facts are the caller's to withdraw."""
    plan.state, plan.ended_on = state, clock.today()
    plan.save(update_fields=["state", "ended_on"])
    PromiseResult.objects.filter(pk__in=[row.pk for row in left]).update(
        state=PromiseResult.State.WITHDRAWN, judged_on=clock.today()
    )
