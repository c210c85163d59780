"""Delegations: who may do an act up to which amount, and who must sign second. Ended, never deleted."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Delegation, Entity, Role, User
from encours.usecases import clock
from encours.usecases.rights import ACTS, Actor, NotAllowedError, require


@dataclass(frozen=True)
class Terms:
    """A delegation's content. Held by `role_kind` or by `user_id`, one of them.

    Amounts in minor units of the entity's currency; None: no limit, no second signature.
    """

    entity_id: str
    act: str
    role_kind: str = ""
    user_id: int | None = None
    amount_max: int | None = None
    second_signature_from: int | None = None
    second_role_kind: str = ""


def grant_delegation(actor: Actor, terms: Terms) -> Delegation:
    """A new delegation; the holder's earlier one for the same act ends. Nobody delegates to themselves.

    Raises NotAllowedError, or CallError listing every fault.
    """
    require(actor, "manage_users", terms.entity_id)
    if actor.user is not None and terms.user_id == actor.user.pk and not actor.is_superuser:
        raise NotAllowedError("manage_users", terms.entity_id, "own_act")
    if faults := _faults(terms):
        raise CallError(faults)
    holder = {"entity_id": terms.entity_id, "act": terms.act, "role_kind": terms.role_kind, "user_id": terms.user_id}
    with transaction.atomic():
        Delegation.objects.filter(**holder, ended_at__isnull=True).update(ended_at=clock.now())
        row = Delegation.objects.create(
            **holder,
            amount_max=terms.amount_max,
            second_signature_from=terms.second_signature_from,
            second_role_kind=terms.second_role_kind,
        )
        _note(actor, "grant_delegation", row)
    return row


def end_delegation(actor: Actor, delegation_id: int, why: str = "") -> None:
    """Ends a delegation today; ended already, nothing happens."""
    row = Delegation.objects.filter(pk=delegation_id).first()
    if row is None:
        raise CallError([f"there is no delegation {delegation_id}"])
    require(actor, "manage_users", row.entity_id)
    if row.ended_at is not None:
        return
    with transaction.atomic():
        row.ended_at = clock.now()
        row.save(update_fields=["ended_at"])
        _note(actor, "end_delegation", row, why)


def _note(actor: Actor, act: str, row: Delegation, why: str = "") -> None:
    content = {
        "act": row.act,
        "role": row.role_kind,
        "user": row.user_id,
        "amount_max": row.amount_max,
        "second_signature_from": row.second_signature_from,
        "second_role": row.second_role_kind,
    }
    audit.append(
        clock.now(), actor.name, act, entity_id=row.entity_id, subject=f"delegation:{row.pk}", after=content, why=why
    )


def _faults(terms: Terms) -> list[str]:
    faults = []
    if terms.act not in ACTS:
        faults.append(f"{terms.act!r} is not an act; there are {', '.join(ACTS)}")
    elif not ACTS[terms.act].has_amount and (terms.amount_max is not None or terms.second_signature_from is not None):
        faults.append(f"{terms.act} has no amount to limit")
    if bool(terms.role_kind) == (terms.user_id is not None):
        faults.append("a delegation is held by a role or by a user, one of them")
    faults += [
        f"{kind!r} is not a role"
        for kind in (terms.role_kind, terms.second_role_kind)
        if kind and kind not in Role.Kind.values
    ]
    if terms.user_id is not None and not User.objects.filter(pk=terms.user_id, is_active=True).exists():
        faults.append(f"there is no user {terms.user_id}")
    if not Entity.objects.filter(pk=terms.entity_id).exists():
        faults.append(f"there is no entity {terms.entity_id}")
    limits = [limit for limit in (terms.amount_max, terms.second_signature_from) if limit is not None]
    if any(limit < 0 for limit in limits):
        faults.append("an amount cannot be negative")
    if len(limits) == 2 and limits[1] > limits[0]:
        faults.append("the second signature would begin above the limit")
    return faults
