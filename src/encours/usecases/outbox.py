"""What the acts on messages share: their events, the moment one left with its touches, and what a state allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.base.schema import TABLES
from encours.store import audit, parquet
from encours.store.models import Message, MessageEvent, PlannedAction
from encours.usecases import clock, merge
from encours.usecases.notice_clock import begin

#: So long an approved message stands in the queue, where whoever approved it can take it back.
RECALL = timedelta(minutes=10)
#: States in which a message has left, as far as anybody knows.
LEFT = (Message.State.SENT, Message.State.DELIVERED, Message.State.BOUNCED)
_TOUCHED = "dunning"


def note(message: Message, kind: str, at: datetime, detail: str = "") -> None:
    """Writes what happened to a message."""
    MessageEvent.objects.create(message=message, kind=kind, at=at, detail=detail[:2000])


def message_id_of(message: Message) -> str:
    """The RFC Message-ID: the same for every attempt."""
    host = message.sender.rpartition("@")[2].strip("> ") or "encours.invalid"
    return f"<{message.pk}@{host}>"


def mark_sent(
    message: Message, at: datetime, *, provider_id: str = "", how: str = "", detail: str = "", actor: str = "job:outbox"
) -> bool:
    """Marks a message as sent and writes its touches, in one transaction; False where it was marked before.

    The caller extends the copies afterwards (`catch_up`): where it never comes so far, readers catch up.
    """
    with transaction.atomic():
        parquet.lock_entity(message.entity_id)
        waiting = (Message.State.SENDING, Message.State.UNCERTAIN, Message.State.QUEUED)
        now = {
            "state": Message.State.SENT, "sent_at": at, "provider_id": provider_id[:255], "settled_how": how,
            "error": "", "claimed_by": "",
        }  # fmt: skip
        if not Message.objects.filter(pk=message.pk, state__in=waiting).update(**now):
            return False
        note(message, "sent", at, detail or provider_id)
        if message.purpose == _TOUCHED and message.customer_id:
            _write_touches(message, at)
        begin(message, at)
        if message.action_id:
            PlannedAction.objects.filter(action_id=message.action_id).update(
                state=PlannedAction.State.DONE, done_at=at, outcome="sent"
            )
        audit.append(
            at, actor, "send_message", entity_id=message.entity_id, subject=str(message.pk),
            after={"amount": message.amount, "step": message.step, "how": how or "answer"},
        )  # fmt: skip
    for name, value in now.items():
        setattr(message, name, value)
    return True


def _write_touches(message: Message, at: datetime) -> None:
    """One fact an item that the message asked for; one of the customer where it named none."""
    day = at.astimezone(clock.ZONE).date()
    lines = sorted(message.lines.all(), key=lambda one: one.pk)
    items: Sequence[str | None] = [one.item_id for one in lines] or [None]
    table = TABLES["touches"]
    rows = [
        {
            "touch_id": f"{message.entity_id}:encours-{message.pk.hex}-{place}", "customer_id": message.customer_id,
            "item_id": item_id, "channel": message.channel, "level": message.step or None, "sent_on": day,
            "entity_id": message.entity_id, "known_on": clock.today(),
        }
        for place, item_id in enumerate(items)
    ]  # fmt: skip
    schema = table.schema | {"entity_id": pl.String()}
    columns = list(dict.fromkeys([*table.schema, "entity_id"]))
    fresh = pl.DataFrame([{c: row.get(c) for c in columns} for row in rows], schema={c: schema[c] for c in columns})
    merge.append("touches", fresh, at)


def catch_up(entity_ids: set[str]) -> None:
    """Lets the copies of these entities follow what was written."""
    for entity_id in sorted(entity_ids):
        parquet.ensure(entity_id)


def give_back(message: Message, state: str, why: str, at: datetime, kind: str, **more: Any) -> bool:
    """Puts a message that did not leave into another state; False where another worker settled it before."""
    with transaction.atomic():
        changed = Message.objects.filter(pk=message.pk, state=Message.State.SENDING).update(
            state=state, error=why[:2000], claimed_by="", **more
        )
        if changed:
            note(message, kind, at, why)
    return bool(changed)


def set_aside(message: Message, why: str, at: datetime, *, state: str = Message.State.CANCELLED) -> bool:
    """Cancels a queued message that must not leave, with its reason; its action is free to be planned again."""
    with transaction.atomic():
        changed = Message.objects.filter(pk=message.pk, state=Message.State.QUEUED).update(
            state=state, error=why[:2000]
        )
        if not changed:
            return False
        note(message, "cancelled", at, why)
        PlannedAction.objects.filter(action_id=message.action_id, state=PlannedAction.State.QUEUED).update(
            state=PlannedAction.State.SUPERSEDED, outcome="held"
        )
        audit.append(
            at, "job:outbox", "cancel_message", entity_id=message.entity_id, subject=str(message.pk),
            after={"amount": message.amount},
        )  # fmt: skip
    return True
