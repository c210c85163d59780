"""A customer answered a message: reminders wait until somebody has read the answer and decided."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from encours.store import audit, parquet
from encours.store.models import Customer, Hold, Message, MessageEvent
from encours.usecases import clock
from encours.usecases.hold_dunning import write_hold
from encours.usecases.manage_tasks import NewTask, raise_tasks
from encours.usecases.promising import worked_days_later
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = "log_contact"
#: Working days for which an answer holds reminders back; until then somebody has read it.
HOLD_DAYS = 5


def mark_answered(actor: Actor, message_id: UUID) -> Message:
    """Notes the answer, holds the customer's reminders for a week and gives its collector a task. Twice is once.

    Raises NotAllowedError.
    """
    message: Message | None = actor.scope(Message).filter(pk=message_id).first()
    if message is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, message.entity_id)
    customer = Customer.objects.filter(customer_id=message.customer_id, is_current=True).first()
    with transaction.atomic():
        parquet.lock_entity(message.entity_id)
        message.refresh_from_db()
        if message.answered_at is not None or customer is None:
            return message
        at = clock.now()
        message.answered_at, message.answered_by = at, actor.user
        message.save(update_fields=["answered_at", "answered_by"])
        MessageEvent.objects.create(message=message, kind="answered", at=at)
        until = worked_days_later(message.entity_id, clock.today(), HOLD_DAYS)
        write_hold(actor, customer, "negotiation", until, item_id=None, why=message.subject, state=Hold.State.STANDING)
        task = NewTask(
            message.entity_id, "call_back", worked_days_later(message.entity_id, clock.today(), 1),
            customer_id=customer.customer_id, detail=message.subject, owner_role="collector",
            owner_id=actor.user.pk if actor.user else None, key=f"answered:{message.pk}",
        )  # fmt: skip
        raise_tasks(actor, [task])
        audit.append(at, actor.name, ACT, entity_id=message.entity_id, subject=f"message:{message.pk}",
                     after={"answered": True, "held_until": until.isoformat()})  # fmt: skip
    return message
