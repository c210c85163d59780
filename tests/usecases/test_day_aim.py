"""The manager's date: euros received before any day within a year, and what holds once it is over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.worth import BEFORE, EURO_DAYS
from encours.store.models import Entity
from encours.usecases import clock
from encours.usecases.day_aim import aim_of
from encours.usecases.manage_settings import change_setting
from encours.usecases.rights import Actor, NotAllowedError
from tests.usecases.clerks import person

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def owner() -> Actor:
    Entity.objects.create(entity_id="A", name="A", country="FR", currency="EUR")
    return person("owner", "credit_manager", "A")


def test_any_day_within_a_year_may_be_chosen(owner: Actor) -> None:
    today = clock.today()
    for ahead in (1, 40, 366):
        day = today + timedelta(days=ahead)
        change_setting(owner, "dunning.objective", day.isoformat(), "A")
        assert (aim_of("A", today).kind, aim_of("A", today).by) == (BEFORE, day)
    assert aim_of("A", day).kind == EURO_DAYS, "the day is over: cash brought forward again"
    for wrong in (today, today - timedelta(days=1), today + timedelta(days=367), "soon", "", "2026-13-01"):
        with pytest.raises(CallError, match="a day after today, within a year"):
            change_setting(owner, "dunning.objective", str(wrong), "A")
    with pytest.raises(NotAllowedError):
        change_setting(person("clerk", "collector", "A"), "dunning.objective", "month_end", "A")


def test_the_month_end_moves_on_with_the_months(owner: Actor) -> None:
    assert aim_of("A", date(2026, 4, 3)).kind == EURO_DAYS
    change_setting(owner, "dunning.objective", "month_end", "A")
    assert aim_of("A", date(2026, 4, 3)).by == date(2026, 4, 30)
    assert aim_of("A", date(2026, 4, 30)).by == date(2026, 5, 31)
