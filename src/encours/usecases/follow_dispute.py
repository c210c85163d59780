"""Who settles a dispute and by when, and how it ends: a credit note that is promised is somebody's task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from encours.core.base.days import bank_calendar
from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Decision, Dispute, DisputeCare, Entity, Item, Task
from encours.usecases import clock, open_dispute
from encours.usecases.manage_tasks import NewTask, finish, raise_tasks, works_in
from encours.usecases.promising import worked_days_later
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = open_dispute.ACT
#: Reason -> worked days in which it should be settled.
TARGET_DAYS: Mapping[str, int] = {
    "price": 10, "discount": 10, "rebate": 10, "quantity": 10, "quality": 20, "penalty": 10, "no_order": 3,
    "no_proof_of_delivery": 5, "duplicate": 2, "address": 3, "tax": 5, "terms": 5, "already_paid": 2, "contract": 30,
    "other": 10,
}  # fmt: skip


def due_of(dispute: Dispute, country: str) -> date:
    """The day by which a dispute should be settled where nobody said another, by the worked days of a country."""
    return bank_calendar(country).add(dispute.opened_on, TARGET_DAYS.get(dispute.reason, 10))


def assign_dispute(
    actor: Actor, dispute_id: str, owner_id: int | None, due_on: date | None = None, expected: str = ""
) -> DisputeCare:
    """Says who settles a dispute (None: whoever has its function), by when, and how it will likely end.

    The owner gets a task and is told. Twice is once. Raises NotAllowedError, or CallError naming every fault.
    """
    dispute, item = _seen(actor, dispute_id)
    require(actor, ACT, dispute.entity_id)
    stranger = owner_id is not None and not works_in(owner_id, dispute.entity_id)
    faults = ["the owner has no role in this entity"] if stranger else []
    faults += [] if expected in ("", *open_dispute.OUTCOMES) else [f"{expected!r} is no outcome"]
    faults += ["the dispute is closed"] if dispute.closed_on is not None else []
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        parquet.lock_entity(dispute.entity_id)
        due = due_on or due_of(dispute, Entity.objects.values_list("country", flat=True).get(pk=dispute.entity_id))
        before = DisputeCare.objects.filter(dispute_id=dispute_id).first()
        wanted = (owner_id, due, expected)
        if before is not None and (before.owner_id, before.due_on, before.expected) == wanted:
            return before
        care, _ = DisputeCare.objects.update_or_create(
            dispute_id=dispute_id,
            defaults={
                "entity_id": dispute.entity_id, "customer_id": item.customer_id, "owner_id": owner_id, "due_on": due,
                "expected": expected, "changed_at": clock.now(), "changed_by": actor.user,
            },
        )  # fmt: skip
        _give(actor, dispute, item, care)
        after = {"owner": owner_id, "due_on": due.isoformat(), "expected": expected}
        audit.append(
            clock.now(), actor.name, "assign_dispute", entity_id=dispute.entity_id, subject=dispute_id, after=after
        )
    return care


def close_dispute(actor: Actor, dispute_id: str, outcome: str, why: str = "") -> Decision:
    """Closes a dispute with its outcome; its task is done, a credit note that is owed becomes one.

    Twice is once. Raises NotAllowedError, CallError.
    """
    dispute, item = _seen(actor, dispute_id)
    with transaction.atomic():
        decision = open_dispute.close_dispute(actor, dispute_id, outcome, why)
        for task in Task.objects.filter(entity_id=dispute.entity_id, origin=_origin(dispute_id), state=Task.State.OPEN):
            finish(actor, task, outcome)
        if outcome == "credit_note":
            due = worked_days_later(dispute.entity_id, clock.today(), 2)
            new = NewTask(
                dispute.entity_id, "issue_credit_note", due, customer_id=item.customer_id, item_id=item.item_id,
                origin=f"credit:{dispute_id}", detail=why.strip(), owner_role="billing",
                key=f"issue_credit_note:{decision.pk}",
            )  # fmt: skip
            raise_tasks(actor, [new])
    return decision


def _give(actor: Actor, dispute: Dispute, item: Item, care: DisputeCare) -> None:
    """The owner's task: given anew where the owner changed."""
    mine = Task.objects.filter(entity_id=dispute.entity_id, origin=_origin(dispute.dispute_id))
    for task in mine.filter(state=Task.State.OPEN):
        finish(actor, task, "given to somebody else", dropped=True)
    if care.owner_id is not None:
        new = NewTask(
            dispute.entity_id, "settle_dispute", care.due_on, customer_id=item.customer_id, item_id=item.item_id,
            origin=_origin(dispute.dispute_id), owner_id=care.owner_id, owner_role=dispute.owner or "",
        )  # fmt: skip
        raise_tasks(actor, [new])


def _origin(dispute_id: str) -> str:
    return f"dispute:{dispute_id}"


def _seen(actor: Actor, dispute_id: str) -> tuple[Dispute, Item]:
    dispute = actor.scope(Dispute).filter(dispute_id=dispute_id, is_current=True).first()
    item = None if dispute is None else Item.objects.filter(item_id=dispute.item_id, is_current=True).first()
    if dispute is None or item is None:
        raise NotAllowedError(ACT, None, "not_visible")
    return dispute, item
