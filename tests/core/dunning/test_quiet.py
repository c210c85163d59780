"""Quiet hours, at their exact bounds, over weekends, holidays and the change of summer time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from encours.core.base.days import france
from encours.core.dunning.quiet import leaves_at
from encours.core.dunning.scenario import Window

_PARIS = ZoneInfo("Europe/Paris")
_TWICE = Window(weekdays=(2, 4), hours=(("09:00", "12:00"), ("14:00", "16:30")))


@pytest.mark.parametrize(("moment", "window", "leaves"), [
    ("2026-03-18 07:59", None, "2026-03-18 08:00"),
    ("2026-03-18 08:00", None, "2026-03-18 08:00"),
    ("2026-03-18 18:59", None, "2026-03-18 18:59"),
    ("2026-03-18 19:00", None, "2026-03-19 08:00"),
    ("2026-03-20 19:30", None, "2026-03-23 08:00"),  # over the weekend
    ("2026-03-27 20:00", None, "2026-03-30 08:00"),  # and the change to summer time
    ("2026-07-13 23:00", None, "2026-07-15 08:00"),  # 14 July
    ("2026-03-18 10:00", _TWICE, "2026-03-19 09:00"),
    ("2026-03-19 12:00", _TWICE, "2026-03-19 14:00"),
    ("2026-03-19 16:30", _TWICE, "2026-03-24 09:00"),
    ("2026-03-18 03:00", Window(weekdays=()), "2026-03-18 08:00"),
    ("2026-03-21 10:00", Window(weekdays=(6, 7)), "2026-03-21 10:00"),  # never open: it is not lost
])  # fmt: skip
def test_a_message_waits_for_its_hours(moment: str, window: Window | None, leaves: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=_PARIS)
    assert leaves_at(at, window, france()) == datetime.fromisoformat(leaves).replace(tzinfo=_PARIS)
