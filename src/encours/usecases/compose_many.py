"""Many planned actions as messages: their facts are read together, and what was composed is kept together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from encours.core.base.issue import CallError
from encours.store.models import Message, PlannedAction
from encours.usecases.chased_facts import BATCH, read_ahead
from encours.usecases.compose_message import ACT, draft_of
from encours.usecases.keep_messages import Draft, keep_drafts, messages_of
from encours.usecases.rights import Actor, NotAllowedError, require


def compose_messages(actor: Actor, action_ids: Sequence[str]) -> Iterator[tuple[str, Message | CallError]]:
    """Each action with its message, or with what keeps it from being made; see `compose_message`.

    A batch is kept before its messages are given: who stops on the way has lost none of those given.
    """
    wanted = list(dict.fromkeys(action_ids))
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        seen = actor.scope(PlannedAction).filter(action_id__in=part).prefetch_related("lines")
        found = {row.action_id: row for row in seen}
        made: dict[str, Message | CallError] = {
            one: NotAllowedError(ACT, None, "not_visible") for one in part if one not in found
        }
        for entity_id in sorted({row.entity_id for row in found.values()}):
            own = [row for row in found.values() if row.entity_id == entity_id]
            made |= _of_entity(actor, entity_id, own)
        yield from ((one, made[one]) for one in part)


def _of_entity(actor: Actor, entity_id: str, actions: Sequence[PlannedAction]) -> dict[str, Message | CallError]:
    try:
        require(actor, ACT, entity_id)
    except NotAllowedError as refused:
        return {row.action_id: refused for row in actions}
    made: dict[str, Message | CallError] = dict(messages_of(entity_id, [row.action_id for row in actions]))
    drafts: list[Draft] = []
    wanted = [row for row in actions if row.action_id not in made]
    items = {line.item_id for row in wanted for line in row.lines.all()}
    with read_ahead(entity_id, {row.customer_id for row in wanted}, items):
        for row in wanted:
            try:
                drafts.append(draft_of(actor, row))
            except CallError as refused:
                made[row.action_id] = refused
    return made | keep_drafts(actor, entity_id, drafts)
