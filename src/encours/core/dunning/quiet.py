"""Quiet hours: when a message that nobody looks at may leave, by its step's window or, without one, by day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from encours.core.base.days import Calendar
from encours.core.dunning.scenario import Window

#: Where a step says nothing: the hours in which people read what they are asked for.
DAY = Window(weekdays=(1, 2, 3, 4, 5), hours=(("08:00", "19:00"),))
#: A window that is never open within so many days is no window.
_DAYS_MOST = 60


def leaves_at(moment: datetime, window: Window | None, calendar: Calendar) -> datetime:
    """The first moment from `moment` (local time) on at which the window is open on a day that is worked.

    A span includes its beginning, not its end. A window without hours is open by DAY's; one that never opens gives
    `moment` itself: a message is not lost for a scenario's mistake.
    """
    asked = window or DAY
    spans = sorted((_time(begin), _time(end)) for begin, end in asked.hours or DAY.hours)
    for ahead in range(_DAYS_MOST):
        day = (moment + timedelta(days=ahead)).date()
        if not calendar.is_working(day) or (asked.weekdays and day.isoweekday() not in asked.weekdays):
            continue
        for begin, end in spans:
            opens = datetime.combine(day, begin, moment.tzinfo)
            if ahead == 0 and opens <= moment < datetime.combine(day, end, moment.tzinfo):
                return moment
            if opens > moment:
                return opens
    return moment


def _time(text: str) -> time:
    return time.fromisoformat(text)
