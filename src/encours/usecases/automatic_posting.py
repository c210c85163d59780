"""Whether an entity's certain matches post by themselves: off until somebody who may turns it on, for a reason."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Entity, Setting
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole

# Not among the declared settings: those are changed by whoever manages settings, this is an act that is delegated.
KEY = "matching.automatic_posting"
#: Posting without a limit is an act of any amount.
_ANY_AMOUNT = 2**62


@dataclass(frozen=True)
class AutomaticPosting:
    """`on`: certain matches are posted, those of up to `limit` (minor units of the entity's currency; None: all).

    `first_signed_by`: who asked for it (a user's number) where a second person must still sign.
    """

    on: bool = False
    limit: int | None = None
    why: str = ""
    first_signed_by: int | None = None


def automatic_posting(entity_id: str) -> AutomaticPosting:
    """What is in force in an entity; off where nobody said anything."""
    row = Setting.objects.filter(entity_id=entity_id, key=KEY).order_by("-pk").first()
    return AutomaticPosting() if row is None else AutomaticPosting(**row.value)


def activate_automatic_posting(actor: Actor, entity_id: str, why: str, limit: int | None = None) -> AutomaticPosting:
    """Lets certain matches of up to `limit` post by themselves from now on. Twice is once.

    Where the delegation asks for two, the first call signs, and another person's call with the same limit turns it on.
    Raises NotAllowedError (no right, over the limit, one's own first signature, a portfolio), CallError without reason.
    """
    why = _asked(actor, entity_id, why)
    if limit is not None and limit <= 0:
        raise CallError(["a limit is an amount above zero"])
    size = _ANY_AMOUNT if limit is None else limit
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        before = automatic_posting(entity_id)
        if before.on and before.limit == limit:
            return before
        if before.first_signed_by is not None and before.limit == limit:
            second = actor.may_sign_second("activate_automatic_posting", entity_id, size, before.first_signed_by)
            if not second.ok:
                raise NotAllowedError("activate_automatic_posting", entity_id, second.why)
            return _keep(actor, entity_id, "activate_automatic_posting", before, AutomaticPosting(True, limit, why))
        if require(actor, "activate_automatic_posting", entity_id, size).second_signature:
            signed = AutomaticPosting(False, limit, why, None if actor.user is None else actor.user.pk)
            return _keep(actor, entity_id, "sign_automatic_posting", before, signed)
        return _keep(actor, entity_id, "activate_automatic_posting", before, AutomaticPosting(True, limit, why))


def stop_automatic_posting(actor: Actor, entity_id: str, why: str) -> AutomaticPosting:
    """Turns it off at once; whoever may undo a match may do so. Twice is once.

    Raises NotAllowedError, or CallError without a reason.
    """
    require(actor, "undo_match", entity_id)
    why = _asked(actor, entity_id, why)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        before = automatic_posting(entity_id)
        if not before.on and before.first_signed_by is None:
            return before
        return _keep(actor, entity_id, "stop_automatic_posting", before, AutomaticPosting(False, before.limit, why))


def _asked(actor: Actor, entity_id: str, why: str) -> str:
    require_whole(actor, entity_id, "activate_automatic_posting")
    if not why.strip():
        raise CallError(["say why automatic posting is changed"])
    if not Entity.objects.filter(pk=entity_id).exists():
        raise CallError([f"there is no entity {entity_id}"])
    return why.strip()


def _keep(
    actor: Actor, entity_id: str, act: str, before: AutomaticPosting, after: AutomaticPosting
) -> AutomaticPosting:
    Setting.objects.create(entity_id=entity_id, key=KEY, value=vars(after), from_on=clock.today())
    told = {"on": before.on, "limit": before.limit}
    now = {"on": after.on, "limit": after.limit}
    if before.first_signed_by is not None and after.on:
        now["first_signed_by"] = before.first_signed_by
    audit.append(clock.now(), actor.name, act, entity_id=entity_id, subject=KEY, before=told, after=now, why=after.why)
    return after
