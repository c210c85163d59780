"""Users and what they are in each entity: made, granted, taken away and put to rest, each act audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Entity, Portfolio, Role, User
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require


@dataclass(frozen=True)
class Grant:
    """A role to give: its kind in an entity, limited to a portfolio or not."""

    entity_id: str
    kind: str
    portfolio_id: int | None = None


def create_user(
    actor: Actor, email: str, password: str, *, name: str = "", language: str = "fr", superuser: bool = False
) -> User:
    """A new user who signs in with `email`. Only who administers the installation makes administrators of it.

    Raises NotAllowedError, or CallError listing every fault of the address, the password and the language.
    """
    require(actor, "manage_users", None)
    if superuser and not actor.is_superuser:
        raise NotAllowedError("manage_users", None, "no_role")
    email = email.strip().lower()
    first, _, last = name.strip().partition(" ")
    user = User(username=email, email=email, first_name=first, last_name=last, language=language)
    if faults := _user_faults(user, password):
        raise CallError(faults)
    user.is_superuser = superuser
    user.set_password(password)
    with transaction.atomic():
        user.save()
        audit.append(clock.now(), actor.name, "create_user", subject=f"user:{user.pk}", after={"superuser": superuser})
    return user


def reset_password(actor: Actor, user_id: int, password: str) -> None:
    """A new password, for one's own account or by an administrator of every entity the user belongs to."""
    user = _user(user_id)
    if actor.user is None or actor.user.pk != user.pk:
        _require_over(actor, user)
    if faults := _password_faults(user, password):
        raise CallError(faults)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit.append(clock.now(), actor.name, "reset_password", subject=f"user:{user.pk}")


def grant_role(actor: Actor, user_id: int, grant: Grant) -> Role:
    """Gives a role in an entity; given again with another portfolio, the limit changes."""
    require(actor, "manage_users", grant.entity_id)
    user = _user(user_id)
    if faults := _grant_faults(grant):
        raise CallError(faults)
    key: dict[str, Any] = {"user": user, "entity_id": grant.entity_id, "kind": grant.kind}
    with transaction.atomic():
        before = Role.objects.filter(**key).first()
        role, _ = Role.objects.update_or_create(**key, defaults={"portfolio_id": grant.portfolio_id})
        audit.append(
            clock.now(),
            actor.name,
            "grant_role",
            entity_id=grant.entity_id,
            subject=f"user:{user.pk}",
            before=_role_digest(before),
            after=_role_digest(role),
        )
    return role


def revoke_role(actor: Actor, role_id: int) -> None:
    """Takes a role away. An entity keeps at least one administrator (CallError), unless a superuser looks after it."""
    role = Role.objects.select_related("user").filter(pk=role_id).first()
    if role is None:
        raise CallError([f"there is no role {role_id}"])
    require(actor, "manage_users", role.entity_id)
    administrator = Role.Kind.ADMINISTRATOR.value
    with transaction.atomic():
        left = Role.objects.filter(entity_id=role.entity_id, kind=administrator, user__is_active=True).exclude(
            pk=role.pk
        )
        superusers = User.objects.filter(is_superuser=True, is_active=True)
        if role.kind == administrator and not left.exists() and not superusers.exists():
            raise CallError([f"{role.entity_id} would be left without an administrator"])
        audit.append(
            clock.now(),
            actor.name,
            "revoke_role",
            entity_id=role.entity_id,
            subject=f"user:{role.user_id}",
            before=_role_digest(role),
        )
        role.delete()


def set_active(actor: Actor, user_id: int, active: bool) -> None:
    """Lets a user sign in or no longer. Nobody shuts themselves out (CallError)."""
    user = _user(user_id)
    if actor.user is not None and actor.user.pk == user.pk:
        raise CallError(["nobody can deactivate their own account"])
    _require_over(actor, user)
    if user.is_active == active:
        return
    with transaction.atomic():
        user.is_active = active
        user.save(update_fields=["is_active"])
        act = "activate_user" if active else "deactivate_user"
        audit.append(clock.now(), actor.name, act, subject=f"user:{user.pk}")


def _user(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise CallError([f"there is no user {user_id}"])
    return user


def _require_over(actor: Actor, user: User) -> None:
    """The actor must administer every entity that the user belongs to: a role elsewhere is not theirs to end."""
    if actor.is_superuser:
        return
    if user.is_superuser:
        raise NotAllowedError("manage_users", None, "no_role")
    entities = sorted(set(Role.objects.filter(user=user).values_list("entity_id", flat=True)))
    for entity_id in entities:
        require(actor, "manage_users", entity_id)
    if not entities:
        require(actor, "manage_users", None)


def _user_faults(user: User, password: str) -> list[str]:
    faults = []
    try:
        validate_email(user.email)
    except ValidationError:
        faults.append(f"{user.email!r} is not an e-mail address")
    if User.objects.filter(email__iexact=user.email).exists():
        faults.append(f"{user.email} already has an account")
    if user.language not in ("fr", "en"):
        faults.append(f"{user.language!r} is neither fr nor en")
    return faults + _password_faults(user, password)


def _password_faults(user: User, password: str) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [str(message) for message in error.messages]
    return []


def _grant_faults(grant: Grant) -> list[str]:
    faults = []
    if grant.kind not in Role.Kind.values:
        faults.append(f"{grant.kind!r} is not a role; there are {', '.join(Role.Kind.values)}")
    if not Entity.objects.filter(pk=grant.entity_id).exists():
        faults.append(f"there is no entity {grant.entity_id}")
    portfolio = grant.portfolio_id
    if portfolio is not None and not Portfolio.objects.filter(pk=portfolio, entity_id=grant.entity_id).exists():
        faults.append(f"there is no portfolio {portfolio} in {grant.entity_id}")
    return faults


def _role_digest(role: Role | None) -> dict[str, object] | None:
    return None if role is None else {"role": role.pk, "kind": role.kind, "portfolio": role.portfolio_id}
