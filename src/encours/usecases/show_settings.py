"""Settings as they stand: entities, users and roles, delegations, portfolios, declared settings, rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Q

from encours.core.terms.rates import KINDS
from encours.store.models import Delegation, Entity, Portfolio, Rate, Role, User
from encours.usecases import clock
from encours.usecases.manage_settings import DECLARED, setting
from encours.usecases.reference_rates import reference_rates, typed_rates
from encours.usecases.rights import ACTS
from encours.usecases.viewing import Viewing

PARTS = ("entities", "users", "delegations", "portfolios", "rules", "letters", "mail", "rates")


@dataclass(frozen=True)
class EntityRow:
    """An entity and what the actor is in it."""

    entity_id: str
    name: str
    country: str
    currency: str
    legal_id: str | None
    roles: list[str]
    users: int


@dataclass(frozen=True)
class RoleRow:
    """A role of a user."""

    role_id: int
    entity_id: str
    entity_name: str
    kind: str
    portfolio: str
    may_revoke: bool


@dataclass(frozen=True)
class UserRow:
    """A user, with the roles that the actor may see."""

    user_id: int
    name: str
    email: str
    active: bool
    superuser: bool
    last_login: Any
    two_steps: bool
    roles: list[RoleRow]


@dataclass(frozen=True)
class DelegationRow:
    """Who may do what up to which amount."""

    delegation_id: int
    entity_name: str
    currency: str
    act: str
    holder_role: str
    holder_user: str
    amount_max: int | None
    second_from: int | None
    second_role: str


@dataclass(frozen=True)
class PortfolioRow:
    """A collector's or a sales owner's customers."""

    portfolio_id: int
    entity_id: str
    entity_name: str
    name: str
    collector: str
    sales_owner: str
    members: int


@dataclass(frozen=True)
class SettingRow:
    """A declared setting in one entity."""

    key: str
    value: Any


@dataclass(frozen=True)
class RateRow:
    """A reference rate in basis points from a day on, or a currency's units for one euro."""

    kind: str
    on: date
    basis_points: int | None
    per_euro: float | None
    typed: bool = False


@dataclass(frozen=True)
class SettingsPage:
    """One part of the settings and what the actor may do there."""

    part: str
    parts: list[str]
    entities: list[EntityRow]
    users: list[UserRow]
    delegations: list[DelegationRow]
    portfolios: list[PortfolioRow]
    settings: list[SettingRow]
    rates: list[RateRow]
    managed: list[tuple[str, str]]  # entities whose users the actor manages
    configured: list[tuple[str, str]]  # entities whose settings the actor changes
    portfolio_entities: list[tuple[str, str]]
    amount_acts: list[str]
    entity_id: str  # the entity whose settings are shown
    entities_chosen: list[tuple[str, str]]  # those whose settings can be shown
    may_print_iban: bool


def may_see_settings(viewing: Viewing) -> bool:
    """Whether the actor has to do with settings at all."""
    acts = ("see_rights", "manage_users", "manage_settings", "manage_portfolios", "print_iban")
    return any(viewing.actor.may(act, None).ok for act in acts)


def show_settings(viewing: Viewing, part: str = "", entity_id: str = "") -> SettingsPage:
    """One part of the settings over all entities of the actor."""
    part = part if part in PARTS else PARTS[0]
    viewing = viewing.every_entity()
    actor = viewing.actor
    entities = list(Entity.objects.filter(entity_id__in=actor.entities).order_by("name"))
    seen = [
        entity
        for entity in entities
        if actor.may("see_rights", entity.pk).ok or actor.may("manage_users", entity.pk).ok
    ]
    names = {entity.pk: entity.name for entity in entities}

    def where(act: str) -> list[tuple[str, str]]:
        return [(entity.pk, entity.name) for entity in entities if actor.may(act, entity.pk).ok]

    shown = entity_id if entity_id in names else (entities[0].pk if entities else "")
    seen_ids = [entity.pk for entity in seen]
    return SettingsPage(
        part=part,
        parts=list(PARTS),
        entities=_entities(viewing, entities) if part == "entities" else [],
        users=_users(viewing, seen_ids, names) if part == "users" else [],
        delegations=_delegations(seen_ids, entities) if part == "delegations" else [],
        portfolios=_portfolios(seen_ids, names) if part in ("portfolios", "users") else [],
        settings=[
            SettingRow(key, setting(key, shown, viewing.today)) for key, one in DECLARED.items() if one.part == part
        ]
        if shown
        else [],
        rates=_rates() if part == "rates" else [],
        managed=where("manage_users"),
        configured=where("manage_settings"),
        portfolio_entities=where("manage_portfolios"),
        amount_acts=[act.code for act in ACTS.values() if act.has_amount],
        entity_id=shown,
        entities_chosen=[(entity.pk, entity.name) for entity in entities],
        may_print_iban=bool(shown) and actor.may("print_iban", shown).ok,
    )


def _entities(viewing: Viewing, entities: list[Entity]) -> list[EntityRow]:
    pairs = (
        Role.objects.filter(entity__in=entities, user__is_active=True).values_list("entity_id", "user_id").distinct()
    )
    counts: dict[str, int] = {}
    for entity_id, _ in pairs:
        counts[entity_id] = counts.get(entity_id, 0) + 1
    return [
        EntityRow(
            entity.pk,
            entity.name,
            entity.country,
            entity.currency,
            entity.legal_id,
            sorted(viewing.actor.roles.get(entity.pk, ())),
            counts.get(entity.pk, 0),
        )
        for entity in entities
    ]


def _users(viewing: Viewing, entity_ids: list[str], names: dict[str, str]) -> list[UserRow]:
    """Users with a role in the entities; to a superuser, everybody."""
    from allauth.mfa.models import Authenticator

    rows = (
        User.objects.all()
        if viewing.actor.is_superuser
        else User.objects.filter(
            Q(entity_roles__entity_id__in=entity_ids) | Q(pk=getattr(viewing.actor.user, "pk", None))
        )
    )
    secured = set(Authenticator.objects.filter(type="totp").values_list("user_id", flat=True))
    roles: dict[int, list[RoleRow]] = {}
    for role in Role.objects.filter(entity_id__in=entity_ids).select_related("portfolio").order_by("entity_id", "kind"):
        roles.setdefault(role.user_id, []).append(
            RoleRow(
                role.pk,
                role.entity_id,
                names.get(role.entity_id, role.entity_id),
                role.kind,
                role.portfolio.name if role.portfolio else "",
                viewing.actor.may("manage_users", role.entity_id).ok,
            )
        )
    return [
        UserRow(
            user.pk,
            user.get_full_name(),
            user.email,
            user.is_active,
            user.is_superuser,
            user.last_login,
            user.pk in secured,
            roles.get(user.pk, []),
        )
        for user in rows.distinct().order_by("email")
    ]


def _delegations(entity_ids: list[str], entities: list[Entity]) -> list[DelegationRow]:
    known = {entity.pk: entity for entity in entities}
    rows = Delegation.objects.filter(entity_id__in=entity_ids, ended_at__isnull=True).select_related("user")
    return [
        DelegationRow(
            row.pk,
            known[row.entity_id].name,
            known[row.entity_id].currency,
            row.act,
            row.role_kind,
            (row.user.get_full_name() or row.user.email) if row.user else "",
            row.amount_max,
            row.second_signature_from,
            row.second_role_kind,
        )
        for row in rows.order_by("entity_id", "act", "id")
    ]


def _portfolios(entity_ids: list[str], names: dict[str, str]) -> list[PortfolioRow]:
    rows = Portfolio.objects.filter(entity_id__in=entity_ids).prefetch_related("members").order_by("entity_id", "name")
    return [
        PortfolioRow(
            row.pk,
            row.entity_id,
            names[row.entity_id],
            row.name,
            row.collector,
            row.sales_owner,
            len(row.members.all()),
        )
        for row in rows
    ]


def _rates() -> list[RateRow]:
    """Reference rates that this version knows or that were typed, newest first, then each currency's last rate."""
    typed = {(kind, on) for kind, on, _ in typed_rates(None, clock.today())}
    known = sorted(reference_rates(None, clock.today()).rows, reverse=True)
    found = [
        RateRow(kind, on, bp, None, (name, on) in typed) for kind in KINDS for name, on, bp in known if name == kind
    ]
    last = dict(Rate.objects.filter(is_current=True).order_by().values_list("currency").annotate(last=Max("on")))
    rows = Rate.objects.filter(is_current=True, on__in=set(last.values())).order_by("currency")
    return found + [RateRow(row.currency, row.on, None, row.rate) for row in rows if row.on == last[row.currency]]
