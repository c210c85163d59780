"""Who writes, who signs and where to pay: what letters need of an entity, changed together, each by who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.usecases import clock
from encours.usecases.manage_settings import DECLARED, change_setting, setting
from encours.usecases.rights import Actor, require

PART = "letters"


def change_letter_settings(actor: Actor, entity_id: str, values: Mapping[str, Any]) -> int:
    """Changes those values that differ from today's, all or none; how many did.

    Raises NotAllowedError (an account needs the right to print it); CallError naming every fault.
    """
    today = clock.today()
    for key in values:
        require(actor, DECLARED[key].act if key in DECLARED else "manage_settings", entity_id)
    wrong = [f"{key!r} is not a setting of letters" for key in values if DECLARED.get(key) is None]
    wrong += [
        f"{key}: {fault}" for key, value in values.items() if key in DECLARED and (fault := DECLARED[key].fault(value))
    ]
    if wrong:
        raise CallError(wrong)
    changed = [key for key, value in values.items() if setting(key, entity_id, today) != value]
    with transaction.atomic():
        for key in changed:
            change_setting(actor, key, values[key], entity_id)
    return len(changed)
