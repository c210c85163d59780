"""When an automatic message may leave: the window of its step, on days that are worked where the entity is."""

from __future__ import annotations

from datetime import UTC, datetime

from encours.core.base.days import bank_calendar
from encours.core.dunning.quiet import leaves_at
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Window
from encours.store.models import DunningScenario, Entity, PlannedAction
from encours.usecases import clock


def leaves_after(action: PlannedAction, at: datetime) -> datetime:
    """The first moment (UTC) from `at` on at which the action's message may leave by itself."""
    country = Entity.objects.filter(entity_id=action.entity_id).values_list("country", flat=True).first()
    window = _window(action.entity_id, action.scenario, action.step)
    return leaves_at(at.astimezone(clock.ZONE), window, bank_calendar(country)).astimezone(UTC)


def _window(entity_id: str, scenario: str, step: str) -> Window | None:
    data = DunningScenario.objects.filter(entity_id=entity_id, code=scenario).values_list("data", flat=True).first()
    steps = read_scenarios(data).scenarios[0].steps if data else ()
    return next((one.window for one in steps if one.code == step), None)
