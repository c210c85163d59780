"""Rights as use cases ask for them: every use case that writes calls `require` itself, whoever called it."""

from __future__ import annotations

from encours.core.base.issue import CallError
from encours.store.rights import ACTS, Act, Actor, Permission, actor_of, job

__all__ = [
    "ACTS",
    "Act",
    "Actor",
    "NotAllowedError",
    "Permission",
    "actor_of",
    "job",
    "require",
    "require_visible",
    "require_whole",
]


class NotAllowedError(CallError):
    """The actor may not do this: `act`, `entity_id`, `why` (Permission.why, own_act, not_visible or portfolio)."""

    def __init__(self, act: str, entity_id: str | None, why: str) -> None:
        self.act, self.entity_id, self.why = act, entity_id, why
        super().__init__([f"{act} is not allowed{f' in {entity_id}' if entity_id else ''}: {why}"])


def require(actor: Actor, act: str, entity_id: str | None, amount: int | None = None) -> Permission:
    """The permission for an act. Raises NotAllowedError; a second signature that is needed is left to the caller."""
    permission = actor.may(act, entity_id, amount)
    if not permission.ok:
        raise NotAllowedError(act, entity_id, permission.why)
    return permission


def require_visible(actor: Actor, entity_id: str, act: str = "see") -> None:
    """Raises NotAllowedError for an entity that the actor does not see."""
    if not actor.sees(entity_id):
        raise NotAllowedError(act, entity_id, "not_visible")


def require_whole(actor: Actor, entity_id: str, act: str = "see") -> None:
    """Raises NotAllowedError for an entity that the actor does not see, or sees through a portfolio (why: portfolio).

    What ties to a ledger concerns the entity whole: shown through a portfolio it would tell the other customers' money.
    """
    require_visible(actor, entity_id, act)
    if entity_id in actor.portfolios:
        raise NotAllowedError(act, entity_id, "portfolio")
