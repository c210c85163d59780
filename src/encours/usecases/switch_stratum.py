"""Switching a kind of match off, or on again: on only by a person, for a reason."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.matching.certificate import TESTED
from encours.store import audit, parquet
from encours.store.models import StratumSwitch
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole
from encours.usecases.standing_promise import switches
from encours.usecases.watch_promise import BY_PERSON


def switch_stratum(actor: Actor, entity_id: str, stratum: str, on: bool, why: str) -> bool:
    """Lets a stratum post by itself again, or not; whether this changed anything.

    Off: whoever may undo a match. On: whoever may `switch_stratum`, and never a job; its running test begins anew.
    Raises NotAllowedError, or CallError without a reason or for an unknown stratum.
    """
    act = "switch_stratum" if on else "undo_match"
    require_whole(actor, entity_id, act)
    require(actor, act, entity_id)
    if on and actor.user is None:
        raise NotAllowedError(act, entity_id, "no_role")
    faults = [] if why.strip() else ["say why this kind of match is switched"]
    if stratum not in TESTED:
        faults.append(f"{stratum!r} is not a kind of match")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        last = switches(entity_id).get(stratum)
        before = last is None or last.on
        if before == on:
            return False
        now = clock.now()
        StratumSwitch.objects.create(
            entity_id=entity_id, stratum=stratum, on=on, cause=BY_PERSON, why=why.strip(), at=now, user=actor.user
        )
        audit.append(
            now,
            actor.name,
            "switch_stratum",
            entity_id=entity_id,
            subject=stratum,
            before={"on": before},
            after={"on": on, "cause": BY_PERSON},
            why=why.strip(),
        )
    return True
