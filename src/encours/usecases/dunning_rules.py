"""What holds for every scenario of an entity, from its settings, and how much a collector's day holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from encours.core.base.days import bank_calendar
from encours.core.dunning.known import Rules
from encours.core.dunning.scenario import Digest
from encours.store.models import Entity
from encours.usecases.manage_settings import setting
from encours.usecases.quiet_days import expanded


def rules_of(entity_id: str, day: date) -> Rules:
    """The entity's rules as they stand on a day."""
    own = Entity.objects.filter(entity_id=entity_id).values_list("currency", "country").first()
    currency, country = own or ("EUR", "FR")
    return Rules(
        cap=setting("dunning.cap", entity_id, day),
        cap_days=setting("dunning.cap_days", entity_id, day),
        floors={currency: Decimal(setting("dunning.floor", entity_id, day))},
        country=country or "FR",
        habit_days=setting("dunning.habit_days", entity_id, day),
        quiet_days=expanded(setting("dunning.quiet_days", entity_id, day)),
    )


def digest_of(entity_id: str, day: date) -> Digest:
    """The weekly digest to sales as the settings have it: its weekday and template, or none."""
    weekday, template = setting("dunning.digest", entity_id, day), setting("dunning.digest_template", entity_id, day)
    active = weekday != "off"
    return Digest(weekday=int(weekday) if active else Digest.weekday, template=template, active=active)


def chasing_day(entity_id: str, today: date) -> date:
    """The day that a plan made today is for: today, or the next working day where nothing leaves today."""
    country = Entity.objects.filter(entity_id=entity_id).values_list("country", flat=True).first()
    calendar = bank_calendar(country)
    return today if calendar.is_working(today) else calendar.add(today, 1)


def minutes_of(entity_ids: Iterable[str], day: date) -> int:
    """How many minutes of calls and letters one person's day holds."""
    return max((int(setting("dunning.minutes", entity_id, day)) for entity_id in entity_ids), default=0)
