"""Messages approved by a person, many at once: what they come to is shown first, and ten minutes can take them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Customer, Decision, Message, MessageEvent, PlannedAction
from encours.usecases import clock
from encours.usecases.manage_settings import setting
from encours.usecases.outbox import RECALL, note
from encours.usecases.rights import Actor, NotAllowedError, require

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
    """What approving some messages came to.

    `totals`: currency and minor units. `second`: those that still wait for another person's signature. `done`: those
    that were approved before.
    """

    count: int
    totals: tuple[tuple[str, int], ...]
    largest: tuple[Large, ...]
    second: tuple[UUID, ...] = ()
    done: tuple[UUID, ...] = ()


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
        acts = _acts(waiting)
        for row in waiting:
            if row.signed_by_id is None:
                require(actor, acts[row.pk], row.entity_id, row.amount)
        if faults := _faults(waiting) + _too_late(rows):
            raise CallError(faults)
        if len(waiting) > 1:
            for entity_id in entities:
                own = [row for row in waiting if row.entity_id == entity_id]
                require(actor, BULK_ACT, entity_id, sum(row.amount for row in own))
        second = [row for row in waiting if _is_first(actor, row, acts[row.pk])]
        _sign_first(actor, second, acts)
        first = {row.pk for row in second}
        ready = [row for row in waiting if row.pk not in first]
        _keep(actor, ready)
    left = {row.pk for row in waiting}
    done = [row for row in rows if row.pk not in left]
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


def _acts(rows: Sequence[Message]) -> dict[UUID, str]:
    """Message -> the right that approving it takes: formal notices have their own."""
    actions = [row.action_id for row in rows if row.action_id]
    formal = set(PlannedAction.objects.filter(action_id__in=actions, formal=True).values_list("action_id", flat=True))
    return {row.pk: FORMAL_ACT if row.action_id in formal else ACT for row in rows}


def _is_first(actor: Actor, row: Message, act: str) -> bool:
    """Whether this is the first of two signatures. Raises NotAllowedError."""
    if row.signed_by_id is not None:
        given = actor.may_sign_second(act, row.entity_id, row.amount, row.signed_by_id)
        if not given.ok:
            raise NotAllowedError(act, row.entity_id, given.why)
        return False
    return require(actor, act, row.entity_id, row.amount).second_signature


def _sign_first(actor: Actor, rows: Sequence[Message], acts: Mapping[UUID, str]) -> None:
    """Keeps the first signature of those that wait for a second."""
    if not rows:
        return
    at = clock.now()
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(signed_by=actor.user)
    MessageEvent.objects.bulk_create([MessageEvent(message=row, kind="signed", at=at) for row in rows])
    audit.append_many(
        at, actor.name,
        [
            audit.Entry(acts[row.pk], row.entity_id, str(row.pk), None, {"signature": 1, "amount": row.amount})
            for row in rows
        ],
    )  # fmt: skip


def _keep(actor: Actor, rows: Sequence[Message]) -> None:
    """Queues the messages; each has its event, its decision and its audit entry, many of an entity one more."""
    if not rows:
        return
    at = clock.now()
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=Message.State.QUEUED, approved_by=actor.user, approved_at=at, send_after=at + RECALL
    )
    MessageEvent.objects.bulk_create([MessageEvent(message=row, kind="approved", at=at) for row in rows])
    Decision.objects.bulk_create(
        [
            Decision(
                entity_id=row.entity_id, user=actor.user, act=ACT, subject_id=str(row.pk), amount=row.amount,
                decided_at=at,
            )
            for row in rows
        ]
    )  # fmt: skip
    by_entity: dict[str, list[Message]] = defaultdict(list)
    for row in rows:
        by_entity[row.entity_id].append(row)
    audit.append_many(at, actor.name, [entry for own in by_entity.values() for entry in _entries(own)])


def _entries(own: Sequence[Message]) -> list[audit.Entry]:
    """What the audit says of an entity's messages: each by itself and, of several, what they came to."""
    one = [audit.Entry(ACT, row.entity_id, str(row.pk), None, {"amount": row.amount}) for row in own]
    if len(own) == 1:
        return one
    total = {"messages": [str(row.pk) for row in own], "total": sum(row.amount for row in own)}
    return [*one, audit.Entry(BULK_ACT, own[0].entity_id, f"messages:{len(own)}", None, total)]


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
    )
