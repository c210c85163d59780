"""When an automatic message may leave: the window of its step, on days that are worked where the entity is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q

from encours.core.base.days import bank_calendar
from encours.core.dunning.quiet import leaves_at
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Window
from encours.store.models import DunningScenario, Entity, Message, PlannedAction
from encours.usecases import clock


def leaves_after(action: PlannedAction, at: datetime) -> datetime:
    """The first moment (UTC) from `at` on at which the action's message may leave by itself."""
    country = Entity.objects.filter(entity_id=action.entity_id).values_list("country", flat=True).first()
    window = _window(action.entity_id, action.scenario, action.step)
    return leaves_at(at.astimezone(clock.ZONE), window, bank_calendar(country)).astimezone(UTC)


def not_before(messages: Sequence[Message], at: datetime) -> dict[Any, datetime]:
    """Message -> when it may leave, of those whose step names hours and is outside them at `at`.

    Whoever approved it: the hours are the customer's. A step without hours leaves by those of the mailbox.
    """
    found, windows = {}, dict[tuple[str, str, str], Window | None]()
    for row in messages:
        key = row.entity_id, row.scenario, row.step
        if row.scenario and key not in windows:
            windows[key] = _window(*key)
        if (window := windows.get(key)) is not None:
            country = Entity.objects.filter(entity_id=row.entity_id).values_list("country", flat=True).first()
            begins = leaves_at(at.astimezone(clock.ZONE), window, bank_calendar(country)).astimezone(UTC)
            if begins > at:
                found[row.pk] = begins
    return found


def _window(entity_id: str, scenario: str, step: str) -> Window | None:
    """The hours of a step: of the entity's own scenario, else of that for all."""
    rows = DunningScenario.objects.filter(Q(entity_id=entity_id) | Q(entity=None), code=scenario)
    found = list(rows.order_by(F("entity_id").asc(nulls_last=True)).values_list("data", flat=True)[:1])
    steps = read_scenarios(found[0]).scenarios[0].steps if found else ()
    return next((one.window for one in steps if one.code == step), None)
