"""Planned messages approved together: composed from today's facts, then put into the outbox, all that can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from encours.core.base.issue import CallError
from encours.store.models import PlannedAction
from encours.usecases.approve_messages import approve_messages
from encours.usecases.compose_many import compose_messages
from encours.usecases.manage_scenarios import testing_codes
from encours.usecases.mark_action import planned_many
from encours.usecases.rights import Actor

ACT = "approve_message"


@dataclass(frozen=True)
class SentTogether:
    """How many wait for a second signature, how many leave, and what kept the others: (customer, fault)."""

    approved: int
    second: int
    faults: tuple[tuple[str, str], ...]


def send_planned(actor: Actor, numbers: Sequence[int]) -> SentTogether:
    """Composes and approves planned messages. Formal notices are signed one by one and are left out.

    Raises NotAllowedError; CallError where none may leave at all (test mode, no mail server).
    """
    rows = planned_many(actor, numbers, ACT)
    testing = {entity_id: testing_codes(entity_id) for entity_id in {row.entity_id for row in rows}}
    wanted: dict[str, str] = {}
    keys: list[UUID] = []
    faults: list[tuple[str, str]] = []
    for row in rows:
        if row.formal or row.mode == "task" or row.scenario in testing[row.entity_id]:
            faults.append((row.customer_id, "it is signed or done one by one, or its scenario is in test"))
            continue
        if row.state in (PlannedAction.State.PLANNED, PlannedAction.State.QUEUED):
            wanted[row.action_id] = row.customer_id
    for action_id, made in compose_messages(actor, list(wanted)):
        if isinstance(made, CallError):
            faults += [(wanted[action_id], fault) for fault in made.faults]
        else:
            keys.append(made.pk)
    if not keys:
        return SentTogether(0, 0, tuple(faults))
    done = approve_messages(actor, keys)
    return SentTogether(done.count, len(done.second), tuple(faults))
