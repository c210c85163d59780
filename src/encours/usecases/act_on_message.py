"""What a person does with one message of the outbox, as its state allows."""

from __future__ import annotations

from uuid import UUID

from encours.core.base.issue import CallError
from encours.store.models import Message
from encours.usecases.approve_messages import approve_messages, recall_messages
from encours.usecases.compose_message import discard_message
from encours.usecases.mark_answered import mark_answered
from encours.usecases.rights import Actor
from encours.usecases.settle_uncertain import resolve_uncertain

_S = Message.State
#: Act -> the states in which it is offered, and the right it takes.
ACTS = {
    "approve": ((_S.TO_CONFIRM, _S.DRAFT), "approve_message"),
    "recall": ((_S.QUEUED,), "recall_message"),
    "discard": ((_S.TO_CONFIRM, _S.DRAFT), "approve_message"),
    "answered": ((_S.SENT, _S.DELIVERED), "log_contact"),
    "left": ((_S.UNCERTAIN,), "approve_message"),
    "not_left": ((_S.UNCERTAIN,), "approve_message"),
}


def offered(actor: Actor, entity_id: str, state: str, *, answered: bool = False) -> list[str]:
    """Acts that this person may do with a message of this state."""
    return [
        code
        for code, (states, act) in ACTS.items()
        if state in states and actor.may(act, entity_id).ok and not (code == "answered" and answered)
    ]


def act_on_message(actor: Actor, message_id: UUID, what: str) -> None:
    """Does one of ACTS. Raises NotAllowedError or CallError."""
    if what == "approve":
        approve_messages(actor, [message_id])
    elif what == "recall":
        recall_messages(actor, [message_id])
    elif what == "discard":
        discard_message(actor, message_id)
    elif what == "answered":
        mark_answered(actor, message_id)
    elif what in ("left", "not_left"):
        resolve_uncertain(actor, message_id, what == "left")
    else:
        raise CallError([f"{what!r} is nothing that can be done with a message"])
