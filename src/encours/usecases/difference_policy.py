"""An entity's policy for differences, from a day on: limits, accounts and owners of each cause."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from encours.core.base.issue import CallError
from encours.core.matching.differences import Policy, causes, policy_faults
from encours.core.matching.differences.causes import shipped
from encours.store import audit, parquet
from encours.store.models import Setting
from encours.usecases import clock
from encours.usecases.rights import Actor, require

_KEY = "cash.differences"


def difference_policy(entity_id: str, on: date | None = None) -> Policy:
    """The policy in force on a day (default: today): the shipped rules with what the entity says otherwise."""
    return Policy.of(shipped(), said_policy(entity_id, on))


def said_policy(entity_id: str, on: date | None = None) -> dict[str, dict[str, Any]]:
    """What the entity says otherwise than the shipped rules: cause -> fields of its rule."""
    rows = Setting.objects.filter(entity_id=entity_id, key=_KEY)
    rows = rows.filter(Q(from_on__isnull=True) | Q(from_on__lte=on or clock.today()))
    ranked = sorted(rows, key=lambda row: (row.from_on or date.min, row.pk))
    return dict(ranked[-1].value) if ranked else {}


def change_difference_policy(
    actor: Actor, entity_id: str, said: dict[str, dict[str, Any]], from_on: date | None = None
) -> Policy:
    """What the entity says from a day on; earlier words stay. `said` replaces all that was said before.

    Raises NotAllowedError, or CallError listing every fault.
    """
    require(actor, "manage_settings", entity_id)
    if faults := policy_faults(said, tuple(causes())):
        raise CallError(faults)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        before = said_policy(entity_id, from_on)
        if before != said:
            Setting.objects.create(entity_id=entity_id, key=_KEY, value=said, from_on=from_on)
            after = {"value": said, "from_on": from_on}
            audit.append(
                clock.now(), actor.name, "change_setting", entity_id=entity_id, subject=_KEY, before=before, after=after
            )
    return difference_policy(entity_id, from_on)
