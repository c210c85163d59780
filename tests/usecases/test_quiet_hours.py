"""An automatic message waits for its step's hours; what is planned at night does not leave at night."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from encours.core.dunning.reading import scenario_data
from encours.core.dunning.scenario import Scenario, Step, Window
from encours.store.models import Customer, DunningScenario, Entity, PlannedAction
from encours.usecases import clock
from encours.usecases.quiet_hours import leaves_after

pytestmark = pytest.mark.django_db


def test_a_message_waits_for_the_hours_of_its_step() -> None:
    Entity.objects.create(entity_id="E", name="E", country="FR", currency="EUR")
    late = Window(weekdays=(1, 2, 3, 4, 5), hours=(("10:00", "11:00"),))
    steps = (
        Step("open", {"en": "Open"}, 1, "due", 3, "email", "reminder_friendly", mode="automatic"),
        Step("shut", {"en": "Shut"}, 2, "due", 9, "email", "reminder_firm", mode="automatic", window=late),
    )
    data = scenario_data(Scenario("mine", {"en": "Mine"}, 1, (), steps))
    DunningScenario.objects.create(entity_id="E", code="mine", data=data, changed_at=clock.now())
    night = datetime(2026, 7, 13, 22, 30, tzinfo=UTC)  # half past midnight of 14 July in Paris
    action = PlannedAction(entity_id="E", scenario="mine", step="open", day=date(2026, 7, 14))
    assert leaves_after(action, night) == datetime(2026, 7, 15, 6, 0, tzinfo=UTC)
    Customer.objects.create(customer_id="E:x", entity_id="E", name="X", kind="business", country="AT")
    away = PlannedAction(entity_id="E", customer_id="E:x", scenario="mine", step="open", day=date(2026, 10, 26))
    monday = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)  # a holiday of Austria
    assert leaves_after(away, monday) == datetime(2026, 10, 27, 7, 0, tzinfo=UTC)
    action.step = "shut"
    assert leaves_after(action, night) == datetime(2026, 7, 15, 8, 0, tzinfo=UTC)
    action.scenario = "gone"
    assert leaves_after(action, night) == datetime(2026, 7, 15, 6, 0, tzinfo=UTC)
