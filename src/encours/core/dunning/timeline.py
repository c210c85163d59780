"""A scenario on its time line: the day on which each step comes at the earliest, and where a step falls in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.core.dunning.climbed import nominal
from encours.core.dunning.scenario import PREVIOUS, Scenario, Step


@dataclass(frozen=True)
class Mark:
    """A step on the line. `day`: days after the due date (before, where negative); null where an event calls for it.
    `after`: code of the rung that its days count from, where they do."""

    step: Step
    day: int | None
    after: str | None = None


def time_line(scenario: Scenario) -> tuple[Mark, ...]:
    """Every step: those of the line in their order, then those that an event calls for."""
    days = dict(zip((step.code for step in scenario.ladder), nominal(scenario), strict=True))
    before = dict(zip((step.code for step in scenario.ladder[1:]), (s.code for s in scenario.ladder), strict=False))
    marks = [
        Mark(step, days.get(step.code, step.days), before.get(step.code) if step.anchor == PREVIOUS else None)
        for step in scenario.steps
        if step.event is None
    ]
    rungs = {step.code: place for place, step in enumerate(scenario.ladder, 1)}
    # What does not chase stands by its day; rungs keep their order, whatever a chain of "days after" says.
    marks.sort(key=lambda mark: (rungs.get(mark.step.code, 0), mark.day or 0))
    line = [mark for mark in marks if mark.step.code in rungs]
    for mark in (mark for mark in marks if mark.step.code not in rungs):
        at = next((place for place, one in enumerate(line) if (one.day or 0) >= (mark.day or 0)), len(line))
        line.insert(at, mark)
    return (*line, *(Mark(step, None) for step in scenario.steps if step.event is not None))


def placed(steps: Sequence[Step], step: Step, after: str | None = None) -> tuple[Step, ...]:
    """The steps with `step` in its place: instead of the one of its code, or as a new one.

    A rung stands by its day, then by its level; one that counts from the step before stands after rung `after`
    (default: where it stood, else last). Rungs that count from a moved one go along with it. What an event calls for,
    and what does not chase, has no order and stays where it is.
    """
    old = next((one for one in steps if one.code == step.code), None)
    moves = old is None or _position(old) != _position(step) or (after is not None and step.anchor == PREVIOUS)
    if not moves or not step.climbs:
        return tuple(step if one is old else one for one in steps) + ((step,) if old is None else ())
    ladder = [one for one in steps if one.climbs]
    stood = next((place for place, one in enumerate(ladder) if one is old), None)
    chain = _followers(ladder, stood)
    rest = [one for one in ladder if one is not old and one not in chain]
    at = _after(rest, after, stood) if step.anchor == PREVIOUS else _by_day(rest, step)
    rungs = [*rest[:at], step, *chain, *rest[at:]]
    others = [one for one in steps if not one.climbs and one is not old]
    first = next((place for place, one in enumerate(others) if one.event is not None), len(others))
    return (*others[:first], *rungs, *others[first:])


def _position(step: Step) -> tuple[str, int, int, bool]:
    return step.anchor, step.days, step.level, step.end_of_month


def _followers(ladder: Sequence[Step], stood: int | None) -> list[Step]:
    """The rungs that count from the one at a place, one after the other."""
    found: list[Step] = []
    for one in ladder[stood + 1 :] if stood is not None else ():
        if one.anchor != PREVIOUS:
            break
        found.append(one)
    return found


def _after(rest: Sequence[Step], after: str | None, stood: int | None) -> int:
    found = next((place for place, one in enumerate(rest) if one.code == after), None)
    if found is not None:
        return found + 1
    return len(rest) if stood is None else min(stood, len(rest))


def _by_day(rest: Sequence[Step], step: Step) -> int:
    """The first place whose rung comes later; a chain of rungs that count from each other is not torn."""
    days = nominal(Scenario("", {}, 0, (), tuple(rest)))
    mine = max(step.days, 0), step.level
    for place, (one, day) in enumerate(zip(rest, days, strict=True)):
        if one.anchor != PREVIOUS and (day, one.level) > mine:
            return place
    return len(rest)
