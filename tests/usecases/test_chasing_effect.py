"""The effect of what was done stands among the figures, with its interval, of whom one sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from encours.store.models import PlannedAction
from encours.usecases import clock
from encours.usecases.show_chasing_figures import show_chasing_figures
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import person
from tests.usecases.mailing import load_late, plan_action

pytestmark = pytest.mark.django_db


def test_days_and_money_of_what_was_done_with_their_intervals(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    load_late(tmp_path, 3)
    seen = Viewing(person("manager", "credit_manager"), ("A",), clock.today())
    assert show_chasing_figures(seen, 30).effect.days is None, "nothing was done yet"
    done = PlannedAction.State.DONE
    plan_action("0", state=done, amount=100_000, euro_days=6_000.0, days_earlier=6.0)
    plan_action("1", state=done, amount=300_000, euro_days=6_000.0, days_earlier=2.0, step="call", channel="call")
    plan_action("2", amount=900_000, euro_days=90_000.0, days_earlier=10.0)
    page = show_chasing_figures(seen, 30)
    effect = page.effect
    assert (effect.actions, effect.amount, effect.measured) == (2, 400_000, []), "what was not done moved nothing"
    assert effect.days is not None
    assert effect.money is not None
    assert effect.days.value == pytest.approx(3.0), "12,000 euro-days on 4,000 euros"
    assert effect.money.value == pytest.approx(40_000), "400 euros more in the bank on each of 30 days"
    assert 0 < effect.days.low < 3.0 < effect.days.high < 6.0
    assert effect.money.low / effect.money.value == pytest.approx(effect.days.low / 3.0)
    assert [row.earlier for row in page.rows] == [pytest.approx(3.0)]
