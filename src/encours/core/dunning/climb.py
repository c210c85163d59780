"""Which step each late item is at on the day: the next rung of its scenario, or what an event calls for."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.dunning.climbed import nominal, reached
from encours.core.dunning.conditions import all_hold, minor
from encours.core.dunning.events import RECENT_DAYS
from encours.core.dunning.scenario import Scenario, Step

#: One row an item: its step (null: nothing is left to do), the day on which that is reached, whether it is by today.
#: `passed`: the channel of a step before it that was passed over because nothing can leave by it.
NEXT: dict[str, pl.DataType] = {
    "item_id": pl.String(), "step": pl.String(), "level": pl.Int64(), "place": pl.Int64(), "step_on": pl.Date(),
    "ready": pl.Boolean(), "passed": pl.String(),
}  # fmt: skip


def next_steps(
    scenario: Scenario, rows: pl.DataFrame, events: pl.DataFrame, left: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """NEXT of the late items that follow a scenario.

    `rows`: what conditions read, with rung, since, done (codes that left for the item), oldest_due_on, position.chased.
    `events`: item_id, kind, event_on. `left`: item_id, level (a step's code), left_on (when it last left).
    """
    steps = list(enumerate(scenario.ladder, 1))
    rows = _with_days(scenario, rows)
    none = pl.lit(None, dtype=pl.Int64)
    fits = {
        place: (pl.col("rung") < place) & ~pl.col("done").list.contains(step.code).fill_null(False) & applies(step)
        for place, step in steps
    }
    # Its day plays no part: what comes after it comes later.
    passed = [pl.when((pl.col("rung") < place) & (pl.col("place") > place) & meant_for(step)).then(pl.lit(step.channel))
              for place, step in reversed(steps) if step.passed_over]  # fmt: skip
    over = {place: _passed_over(place, step, as_of) for place, step in steps}
    rows = rows.with_columns(
        _ahead=pl.coalesce(*(pl.when(fits[place] & ~over[place]).then(place) for place, _ in steps), none),
        _left=pl.coalesce(*(pl.when(fits[place] & over[place]).then(place) for place, _ in reversed(steps)), none),
    )
    # A task that nobody did lets the next step pass; until that one is reached it is still to be done.
    due = (_day_of("_ahead", len(steps)) <= as_of).fill_null(False)
    rows = rows.with_columns(place=pl.coalesce(pl.when(due).then("_ahead"), "_left", "_ahead"))
    rows = rows.with_columns(passed=pl.coalesce(*passed, pl.lit(None, dtype=pl.String)))
    codes, levels = ({place: getattr(step, name) for place, step in steps} for name in ("code", "level"))
    rows = rows.with_columns(
        step_on=_day_of("place", len(steps)),
        step=pl.col("place").replace_strict(codes, default=None, return_dtype=pl.String),
        level=pl.col("place").replace_strict(levels, default=None, return_dtype=pl.Int64),
    )
    rows = rows.with_columns(ready=(pl.col("step_on") <= as_of).fill_null(False))
    rows = _after_events(scenario, rows, events, left, as_of)
    rows = _in_windows(scenario, rows, as_of).with_columns(item_id="item.item_id")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in NEXT.items())


def applies(step: Step) -> pl.Expr:
    """Whether a step is to be done for a row: it is meant for it, and something can leave by its channel."""
    return meant_for(step) & (not step.passed_over)


def meant_for(step: Step) -> pl.Expr:
    """Whether a step is meant for a row: its conditions, and what the message would ask for."""
    asked = pl.col("position.chased")
    found = all_hold(step.when)
    if step.amount_min is not None:
        found = found & (asked >= minor(step.amount_min))
    if step.amount_max is not None:
        found = found & (asked <= minor(step.amount_max))
    return found


def _with_days(scenario: Scenario, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `_on_1`, `_on_2` …: the day on which each rung is reached."""
    days = nominal(scenario)
    return rows.with_columns(
        reached(step.anchor, step.days, step.end_of_month, days[place - 1]).alias(f"_on_{place}")
        for place, step in enumerate(scenario.ladder, 1)
    )


def _day_of(place: str, count: int) -> pl.Expr:
    none = pl.lit(None, dtype=pl.Date)
    return pl.coalesce(*(pl.when(pl.col(place) == at).then(f"_on_{at}") for at in range(1, count + 1)), none)


def _passed_over(place: int, step: Step, as_of: date) -> pl.Expr:
    """Whether a task has waited longer than its patience; a message is never passed over."""
    if step.mode != "task":
        return pl.lit(False)
    return (pl.col(f"_on_{place}") + pl.duration(days=step.patience) < as_of).fill_null(False)


def _after_events(
    scenario: Scenario, rows: pl.DataFrame, events: pl.DataFrame, left: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Rows whose step is the one that a recent event calls for, where that is above what the ladder asks today."""
    for place, step in enumerate(scenario.steps, len(scenario.ladder) + 1):
        if step.event is None or not step.chases:
            continue
        recent = events.filter(pl.col("kind") == step.event).select("item_id", "event_on")
        recent = recent.with_columns(_event_step_on=pl.col("event_on") + pl.duration(days=step.days))
        recent = recent.filter(pl.col("_event_step_on").is_between(as_of - timedelta(days=RECENT_DAYS), as_of))
        gone = left.filter(pl.col("level") == step.code).select("item_id", "left_on")
        recent = recent.join(gone, on="item_id", how="left").filter(
            (pl.col("left_on") < pl.col("event_on")).fill_null(True)
        )
        days = recent.select("item_id", "_event_step_on")
        rows = rows.join(days, left_on="item.item_id", right_on="item_id", how="left", maintain_order="left")
        higher = ~pl.col("ready") | (pl.col("level") < step.level).fill_null(True)
        takes = pl.col("_event_step_on").is_not_null() & higher & applies(step)
        rows = rows.with_columns(
            step=pl.when(takes).then(pl.lit(step.code)).otherwise("step"),
            level=pl.when(takes).then(step.level).otherwise("level"),
            place=pl.when(takes).then(place).otherwise("place"),
            step_on=pl.when(takes).then("_event_step_on").otherwise("step_on"),
            ready=pl.col("ready") | takes,
        ).drop("_event_step_on")
    return rows


def _in_windows(scenario: Scenario, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows that wait for the next weekday on which their step may leave."""
    for step in scenario.steps:
        days = step.window.weekdays if step.window else ()
        if not days or as_of.isoweekday() in days:
            continue
        wait = min((day - as_of.isoweekday()) % 7 for day in days)
        shut = (pl.col("step") == step.code) & pl.col("ready")
        rows = rows.with_columns(
            step_on=pl.when(shut).then(pl.lit(as_of + timedelta(days=wait))).otherwise("step_on"),
            ready=pl.col("ready") & ~shut.fill_null(False),
        )
    return rows
