"""Messages put into the outbox: with their lines, files and history, those of a batch together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from encours.connectors.base.outgoing import Attachment
from encours.store import audit, parquet
from encours.store.models import Message, MessageEvent, MessageFile, MessageItem, PlannedAction
from encours.usecases import clock, message_files
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor


@dataclass(frozen=True)
class Draft:
    """A planned action's message before it is kept: `message` is in no table yet, `files` are bytes."""

    action: PlannedAction
    message: Message
    items: tuple[Chased, ...]
    files: tuple[Attachment, ...]


def keep_drafts(actor: Actor, entity_id: str, drafts: Sequence[Draft]) -> dict[str, Message]:
    """Action -> its message in the outbox. Where one was made meanwhile it is that one: an action has one message."""
    files = {draft.message.pk: message_files.written(draft.message, draft.files) for draft in drafts}
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        made = messages_of(entity_id, [draft.action.action_id for draft in drafts])
        fresh = [draft for draft in drafts if draft.action.action_id not in made]
        Message.objects.bulk_create([draft.message for draft in fresh])
        MessageItem.objects.bulk_create(
            [
                MessageItem(message=draft.message, item_id=one.item_id, amount=one.amount, held=one.held)
                for draft in fresh
                for one in draft.items
            ]
        )
        MessageFile.objects.bulk_create([row for draft in fresh for row in files[draft.message.pk]])
        MessageEvent.objects.bulk_create(
            [MessageEvent(message=draft.message, kind="composed", at=draft.message.created_at) for draft in fresh]
        )
        PlannedAction.objects.filter(pk__in=[draft.action.pk for draft in fresh]).update(
            state=PlannedAction.State.QUEUED
        )
        audit.append_many(clock.now(), actor.name, [_told(draft) for draft in fresh])
    return made | {draft.action.action_id: draft.message for draft in fresh}


def messages_of(entity_id: str, action_ids: Sequence[str]) -> dict[str, Message]:
    """Action -> the message that was made of it and not cancelled."""
    rows = Message.objects.filter(entity_id=entity_id, action_id__in=action_ids).exclude(state=Message.State.CANCELLED)
    return {str(row.action_id): row for row in rows}


def _told(draft: Draft) -> audit.Entry:
    made = draft.message
    after = {"action": draft.action.action_id, "state": made.state, "amount": made.amount}
    return audit.Entry("compose_message", draft.action.entity_id, str(made.pk), after=after)
