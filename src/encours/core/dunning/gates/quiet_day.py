"""A day on which nothing leaves: Saturdays, Sundays, and the days that the rules keep quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "quiet_day", 125, None
WAITS = True
SENTENCE = "Nothing leaves on this day."

_WEEKEND = ("saturday", "sunday")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", *_WEEKEND)


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """All on weekends and on the rules' quiet days: a day (2026-08-14) or a day of the week (friday)."""
    today = {facts.as_of.isoformat(), _WEEK[facts.as_of.weekday()]}
    named = today & {name.lower() for name in facts.known.settings.quiet_days}
    rows = actions if named or today & set(_WEEKEND) else actions.clear()
    return rows.select("action_id", until_on=pl.lit(facts.as_of))
