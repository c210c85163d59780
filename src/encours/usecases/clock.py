"""The one clock of the floors above core: stamps are UTC, civil days those of the entities' time zone."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: Entities keep their books in this zone (ENCOURS_TIME_ZONE, default Europe/Paris).
ZONE = ZoneInfo(os.environ.get("ENCOURS_TIME_ZONE", "Europe/Paris"))


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # the clock itself


def begins(day: date) -> datetime:
    """The first moment of a civil day in the entities' time zone: what stamps are compared with."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def today() -> date:
    """Today's civil date in the entities' time zone."""
    return datetime.now(ZONE).date()  # noqa: TID251  # the clock itself
