"""A promise to pay, or a payment announced: reminders of its items wait until three worked days after its date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import PromiseResult
from encours.usecases import clock
from encours.usecases.deciding import keep_decision, write_facts
from encours.usecases.promising import (
    ANNOUNCED,
    PROMISE,
    Said,
    check_said,
    customer_of,
    facts_of,
    keep,
    owed_items,
    replaced,
    results_of,
    withdrawn_facts,
)
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = "record_promise"


def record_promise(
    actor: Actor,
    customer_id: str,
    on: date,
    *,
    key: str,
    amount: int | None = None,
    items: Sequence[str] = (),
    kind: str = PROMISE,
    reference: str = "",
    why: str = "",
) -> list[PromiseResult]:
    """Keeps a promise for some items (none named: all that is due), one row an item. The same `key` twice is once.

    Raises NotAllowedError, or CallError naming every fault.
    """
    if kind not in (PROMISE, ANNOUNCED):
        raise CallError([f"{kind!r} is no kind of promise"])
    customer = customer_of(actor, customer_id, ACT)
    said = Said(kind, on, amount, reference)
    check_said(said, clock.today())
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        before = _before(customer.entity_id, key)
        if before:
            return before
        rows = results_of(customer, owed_items(customer, items), [said], key)
        require_promise(actor, rows)
        former = replaced(rows)
        merged = write_facts({"promises": [*withdrawn_facts(former), *facts_of(rows)]}, customer.entity_id)
        keep(rows, former)
        decide_promise(actor, rows, why)
    merged.extend_copies()
    return rows


def require_promise(actor: Actor, rows: Sequence[PromiseResult]) -> None:
    """Raises NotAllowedError where the actor may not take a promise of this size alone."""
    total = sum(row.amount or 0 for row in rows)
    if require(actor, ACT, rows[0].entity_id, total).second_signature:
        raise NotAllowedError(ACT, rows[0].entity_id, "second_signature_needed")


def decide_promise(actor: Actor, rows: Sequence[PromiseResult], why: str = "") -> None:
    """Keeps the decision and its audit entry, in the caller's transaction."""
    first = rows[0]
    keep_decision(
        actor,
        ACT,
        first.entity_id,
        first.promise_id,
        amount=sum(row.amount or 0 for row in rows),
        why=why.strip(),
        more={
            "customer": first.customer_id,
            "kind": first.kind,
            "due_on": first.due_on.isoformat(),
            "held_until": first.held_until.isoformat(),
            "items": [row.item_id for row in rows],
        },
    )


def _before(entity_id: str, key: str) -> list[PromiseResult]:
    start = f"{entity_id}:encours-{key}-"
    return list(PromiseResult.objects.filter(entity_id=entity_id, promise_id__startswith=start).order_by("pk"))
