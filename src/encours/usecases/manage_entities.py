"""Entities: made and corrected by who administers the installation, or by the administrator of each."""

from __future__ import annotations

import re

from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.base.money import is_currency
from encours.store import audit
from encours.store.models import Entity
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require


def save_entity(
    actor: Actor, entity_id: str, name: str, country: str, currency: str, legal_id: str | None = None
) -> Entity:
    """Makes an entity, or corrects its name, country, currency and legal id. Raises CallError listing every fault."""
    entity_id, name, country, currency = (
        entity_id.strip(),
        name.strip(),
        country.strip().upper(),
        currency.strip().upper(),
    )
    before = Entity.objects.filter(pk=entity_id).first()
    if before is None and not actor.is_superuser:
        raise NotAllowedError("manage_settings", entity_id, "new_entity")
    require(actor, "manage_settings", entity_id if before else None)
    if faults := _faults(entity_id, name, country, currency):
        raise CallError(faults)
    with transaction.atomic():
        after, _ = Entity.objects.update_or_create(
            entity_id=entity_id,
            defaults={
                "name": name,
                "country": country,
                "currency": currency,
                "legal_id": (legal_id or "").strip() or None,
            },
        )
        digest = {"country": after.country, "currency": after.currency}
        audit.append(clock.now(), actor.name, "save_entity", entity_id=entity_id, subject=entity_id, after=digest)
    return after


def _faults(entity_id: str, name: str, country: str, currency: str) -> list[str]:
    faults = []
    if not re.fullmatch(r"[\w.-]{1,64}", entity_id):
        faults.append("an entity's id has up to 64 letters, digits, dots, dashes")
    if not name:
        faults.append("an entity needs a name")
    if not re.fullmatch(r"[A-Z]{2}", country):
        faults.append(f"{country!r} is not a country code of two letters")
    if not is_currency(currency):
        faults.append(f"{currency!r} is not an ISO 4217 currency")
    return faults
