"""Messages approved by a person, many at once: what they come to is shown first, and ten minutes can take them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Customer, Decision, Message, PlannedAction
from encours.usecases import clock
from encours.usecases.manage_settings import setting
from encours.usecases.outbox import RECALL, note
from encours.usecases.rights import Actor, NotAllowedError, Permission, require

ACT, BULK_ACT, FORMAL_ACT, RECALL_ACT = "approve_message", "bulk_send", "send_formal_notice", "recall_message"
_LARGEST = 5
_WAITING = (Message.State.DRAFT, Message.State.TO_CONFIRM)


@dataclass(frozen=True)
class Large:
    """One of the largest messages of an approval."""

    message_id: UUID
    customer: str
    subject: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Approval:
    """What approving some messages comes to, or came to.

    `totals`: currency and minor units. `second`: those that still wait for another person's signature. `done`: those
    that were approved before. `until`: how long they can be recalled.
    """

    count: int
    totals: tuple[tuple[str, int], ...]
    largest: tuple[Large, ...]
    second: tuple[UUID, ...] = ()
    done: tuple[UUID, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def until_minutes(self) -> int:
        """Minutes in which they can be recalled."""
        return int(RECALL.total_seconds() // 60)


def show_approval(actor: Actor, message_ids: Sequence[UUID]) -> Approval:
    """What approving these would come to: count, totals, the five largest, what forbids it. Nothing is changed."""
    rows = _rows(actor, message_ids)
    waiting = [row for row in rows if row.state in _WAITING]
    faults = _faults(waiting)
    for row in waiting:
        if not _permission(actor, row).ok:
            faults.append(f"{row.subject}: {_permission(actor, row).why}")
    return _approval(waiting, done=[row for row in rows if row.state not in _WAITING], faults=faults)


def approve_messages(actor: Actor, message_ids: Sequence[UUID]) -> Approval:
    """Puts messages into the queue, all or none. Done twice is done once.

    More than one needs the right to send many; formal notices their own. Where a delegation asks for two signatures
    the first is kept and the message waits for another person. Raises NotAllowedError, or CallError naming every fault
    (test mode, no sender, states that cannot be approved).
    """
    with transaction.atomic():
        entities = sorted({row.entity_id for row in _rows(actor, message_ids)})
        for entity_id in entities:
            parquet.lock_entity(entity_id)
        rows = _rows(actor, message_ids)
        waiting = [row for row in rows if row.state in _WAITING]
        for row in waiting:
            if row.signed_by_id is None:
                require(actor, FORMAL_ACT if _formal(row) else ACT, row.entity_id, row.amount)
        if faults := _faults(waiting) + _too_late(rows):
            raise CallError(faults)
        if len(waiting) > 1:
            for entity_id in entities:
                own = [row for row in waiting if row.entity_id == entity_id]
                require(actor, BULK_ACT, entity_id, sum(row.amount for row in own))
        second = [row for row in waiting if not _signed(actor, row)]
        ready = [row for row in waiting if row not in second]
        _keep(actor, ready)
    done = [row for row in rows if row not in waiting]
    return _approval(ready, second=second, done=done)


def _rows(actor: Actor, message_ids: Sequence[UUID]) -> list[Message]:
    """The messages, each once, in the order given. Raises NotAllowedError for one that is not seen."""
    wanted = list(dict.fromkeys(message_ids))
    found = {row.pk: row for row in actor.scope(Message).filter(pk__in=wanted)}
    if any(key not in found for key in wanted):
        raise NotAllowedError(ACT, None, "not_visible")
    return [found[key] for key in wanted]


def _faults(rows: Sequence[Message]) -> list[str]:
    today, found = clock.today(), []
    for entity_id in sorted({row.entity_id for row in rows}):
        if setting("mail.test_mode", entity_id, today):
            found.append(f"{entity_id} is in test mode: nothing leaves until it is lifted")
        elif any(row.channel == "email" for row in rows if row.entity_id == entity_id):
            if not setting("mail.channel", entity_id, today):
                found.append(f"{entity_id} has no mail server yet: set it in the settings")
            if not all(row.sender for row in rows if row.entity_id == entity_id and row.channel == "email"):
                found.append(f"{entity_id} has no sender's address yet: set it in the settings")
    return found


def _too_late(rows: Sequence[Message]) -> list[str]:
    gone = (Message.State.CANCELLED, Message.State.FAILED)
    return [f"{row.subject}: this message can no longer be approved" for row in rows if row.state in gone]


def _permission(actor: Actor, row: Message) -> Permission:
    return actor.may(FORMAL_ACT if _formal(row) else ACT, row.entity_id, row.amount)


def _formal(row: Message) -> bool:
    return PlannedAction.objects.filter(action_id=row.action_id, formal=True).exists() if row.action_id else False


def _signed(actor: Actor, row: Message) -> bool:
    """Whether it may go now; else the first signature was kept. Raises NotAllowedError."""
    act = FORMAL_ACT if _formal(row) else ACT
    if row.signed_by_id is not None:
        given = actor.may_sign_second(act, row.entity_id, row.amount, row.signed_by_id)
        if not given.ok:
            raise NotAllowedError(act, row.entity_id, given.why)
        return True
    permission = require(actor, act, row.entity_id, row.amount)
    if not permission.second_signature:
        return True
    row.signed_by = actor.user
    row.save(update_fields=["signed_by"])
    note(row, "signed", clock.now())
    audit.append(
        clock.now(), actor.name, act, entity_id=row.entity_id, subject=str(row.pk),
        after={"signature": 1, "amount": row.amount},
    )  # fmt: skip
    return False


def _keep(actor: Actor, rows: Sequence[Message]) -> None:
    """Queues the messages; one decision each, one audit entry an entity."""
    at = clock.now()
    by_entity: dict[str, list[Message]] = defaultdict(list)
    for row in rows:
        row.state, row.approved_by, row.approved_at, row.send_after = Message.State.QUEUED, actor.user, at, at + RECALL
        row.save(update_fields=["state", "approved_by", "approved_at", "send_after"])
        note(row, "approved", at)
        by_entity[row.entity_id].append(row)
    Decision.objects.bulk_create(
        [
            Decision(
                entity_id=row.entity_id, user=actor.user, act=ACT, subject_id=str(row.pk), amount=row.amount,
                decided_at=at,
            )
            for row in rows
        ]
    )  # fmt: skip
    for entity_id, own in by_entity.items():
        audit.append(
            at, actor.name, BULK_ACT if len(rows) > 1 else ACT, entity_id=entity_id,
            subject=str(own[0].pk) if len(own) == 1 else f"messages:{len(own)}",
            after={"messages": [str(row.pk) for row in own], "total": sum(row.amount for row in own)},
        )  # fmt: skip


def recall_messages(actor: Actor, message_ids: Sequence[UUID], why: str = "") -> int:
    """Takes approved messages back to where they wait, as long as they have not left; how many came back.

    Raises NotAllowedError; CallError where one has left or is leaving (the others are then not taken back either).
    """
    with transaction.atomic():
        rows = _rows(actor, message_ids)
        for row in rows:
            require(actor, RECALL_ACT, row.entity_id)
        at, back = clock.now(), 0
        for row in rows:
            if row.state in _WAITING:
                continue
            changed = Message.objects.filter(pk=row.pk, state=Message.State.QUEUED).update(
                state=Message.State.TO_CONFIRM, approved_by=None, approved_at=None, send_after=None, signed_by=None
            )
            if not changed:
                raise CallError([f"{row.subject}: this message has left or is leaving, it cannot be recalled"])
            note(row, "recalled", at, why)
            audit.append(at, actor.name, RECALL_ACT, entity_id=row.entity_id, subject=str(row.pk), why=why)
            back += 1
    return back


def _approval(
    rows: Sequence[Message],
    *,
    second: Sequence[Message] = (),
    done: Sequence[Message] = (),
    faults: Sequence[str] = (),
) -> Approval:
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row.currency] += row.amount
    largest = sorted(rows, key=lambda row: (-row.amount, str(row.pk)))[:_LARGEST]
    names = dict(
        Customer.objects.filter(customer_id__in=[row.customer_id for row in largest], is_current=True).values_list(
            "customer_id", "name"
        )
    )
    return Approval(
        len(rows),
        tuple(sorted(totals.items())),
        tuple(Large(r.pk, names.get(r.customer_id, ""), r.subject, r.currency, r.amount) for r in largest),
        tuple(row.pk for row in second),
        tuple(row.pk for row in done),
        tuple(faults),
    )
