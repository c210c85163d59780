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


@dataclass(frozen=True)
class Fresh:
    """A message that is in no table yet, its lines, and the rows of its files: their bytes are on the disk."""

    message: Message
    items: Sequence[Chased]
    files: Sequence[MessageFile]


def keep_drafts(actor: Actor, entity_id: str, drafts: Sequence[Draft]) -> dict[str, Message]:
    """Action -> its message in the outbox. Where one was made meanwhile it is that one: an action has one message."""
    files = {draft.message.pk: message_files.written(draft.message, draft.files) for draft in drafts}
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        made = messages_of(entity_id, [draft.action.action_id for draft in drafts])
        fresh = [draft for draft in drafts if draft.action.action_id not in made]
        put([Fresh(draft.message, draft.items, files[draft.message.pk]) for draft in fresh])
        PlannedAction.objects.filter(pk__in=[draft.action.pk for draft in fresh]).update(
            state=PlannedAction.State.QUEUED
        )
        audit.append_many(clock.now(), actor.name, [_told(draft) for draft in fresh])
    return made | {draft.action.action_id: draft.message for draft in fresh}


def put(messages: Sequence[Fresh]) -> None:
    """Puts messages into the outbox, with the first line of their history, in the caller's transaction."""
    Message.objects.bulk_create([one.message for one in messages])
    MessageItem.objects.bulk_create(
        MessageItem(message=one.message, item_id=line.item_id, amount=line.amount, held=line.held)
        for one in messages
        for line in one.items
    )
    MessageFile.objects.bulk_create(row for one in messages for row in one.files)
    MessageEvent.objects.bulk_create(
        MessageEvent(message=one.message, kind="composed", at=one.message.created_at) for one in messages
    )


def messages_of(entity_id: str, action_ids: Sequence[str]) -> dict[str, Message]:
    """Action -> the message that was made of it and not cancelled."""
    rows = Message.objects.filter(entity_id=entity_id, action_id__in=action_ids).exclude(state=Message.State.CANCELLED)
    return {str(row.action_id): row for row in rows}


def _told(draft: Draft) -> audit.Entry:
    made = draft.message
    after = {"action": draft.action.action_id, "state": made.state, "amount": made.amount}
    return audit.Entry("compose_message", draft.action.entity_id, str(made.pk), after=after)
