"""What the manager's day of work is for: cash brought forward, or euros received before a date."""

from __future__ import annotations

from datetime import date

from encours.core.base.days import add_months, end_of_month
from encours.core.dunning.worth import BEFORE, Objective
from encours.usecases.manage_settings import AIM, MONTH_END, setting


def aim_of(entity_id: str, day: date) -> Objective:
    """What an entity's work of a day is for.

    Euros received before a day that is over by now count no longer: the work is for cash brought forward again.
    """
    chosen = str(setting(AIM, entity_id, day))
    if chosen == MONTH_END:
        end = end_of_month(day)
        # On the last day of a month nothing that is done can bring money before it ends: the next one's end counts.
        return Objective(BEFORE, end if end > day else end_of_month(add_months(day, 1)))
    wanted = _day(chosen)
    return Objective(BEFORE, wanted) if wanted is not None and wanted > day else Objective()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
