"""An entity's policy for differences, as a page shows it: each cause with its rule, and what it ships with."""

from __future__ import annotations

from dataclasses import dataclass

from encours.core.matching.differences import causes
from encours.core.matching.differences.causes import shipped
from encours.core.matching.differences.policy import OWNERS, Rule
from encours.store.models import Entity
from encours.usecases.difference_policy import difference_policy
from encours.usecases.rights import NotAllowedError
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class CauseRow:
    """A cause: `kind` is the allocation it is booked as ("": it stays open); `own`: the entity says otherwise."""

    name: str
    sentence: str
    kind: str
    disputes: str
    rule: Rule
    own: bool


@dataclass(frozen=True)
class DifferencePolicyPage:
    """The causes that book something first; `owners`: who can be asked to look at a difference."""

    entity_id: str
    name: str
    currency: str
    rows: tuple[CauseRow, ...]
    owners: tuple[str, ...]
    may_change: bool


def show_difference_policy(viewing: Viewing, entity_id: str) -> DifferencePolicyPage:
    """The policy in force today. Raises NotAllowedError for an entity that is not seen."""
    if entity_id not in viewing.actor.entities:
        raise NotAllowedError("see", None, "not_visible")
    entity = Entity.objects.get(pk=entity_id)
    policy, ships = difference_policy(entity_id), shipped()
    rows = [
        CauseRow(name, cause.sentence, cause.kind, cause.disputes, policy.rule(name), policy.rule(name) != ships[name])
        for name, cause in causes().items()
    ]
    rows.sort(key=lambda row: (not row.kind, row.name))
    may_change = viewing.actor.may("manage_settings", entity_id).ok
    return DifferencePolicyPage(entity_id, entity.name, entity.currency, tuple(rows), OWNERS, may_change)
