"""The clock of a test, moved from day to day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from encours.usecases import clock

OnDay = Callable[[date], None]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> OnDay:
    """Makes a day today, at nine in the morning (UTC)."""

    def move(day: date) -> None:
        monkeypatch.setattr(clock, "today", lambda: day)
        monkeypatch.setattr(clock, "now", lambda: datetime(day.year, day.month, day.day, 9, tzinfo=UTC))

    return move
