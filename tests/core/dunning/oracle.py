"""The planner told slowly and plainly: one item after the other, no frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from encours.core.dunning.scenario import Scenario, Step


@dataclass
class Late:
    """A late item: what is open of it (minor units), what of that is held, and what left for it (day, step)."""

    item: str
    payer: str
    due: date
    open: int
    held: int = 0
    left: list[tuple[date, str]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return self.open - self.held


@dataclass
class Told:
    """(payer, step) → item → amount asked for; and the items that wait, with their reason."""

    asked: dict[tuple[str, str], dict[str, int]]
    waits: dict[str, str]


def day_after(day: date, days: int) -> date:
    return day + timedelta(days=days)


def told(scenario: Scenario, items: Sequence[Late], as_of: date) -> Told:
    """What a day's plan says of one scenario, without any gate but the held parts."""
    found = Told({}, {})
    runs: dict[str, list[Late]] = defaultdict(list)
    for item in items:
        runs[item.payer].append(item)
    for payer, run in runs.items():
        _run(scenario, payer, run, as_of, found)
    return found


def _run(scenario: Scenario, payer: str, run: list[Late], as_of: date, found: Told) -> None:
    chased = [item for item in run if item.asked > 0]
    total = sum(item.asked for item in chased)
    oldest = min((item.due for item in chased), default=as_of)
    places = {item.item: _place(scenario, item, total, oldest, as_of) for item in chased}
    ready = [item for item in chased if places[item.item][1]]
    ladder = scenario.ladder

    def worst(item: Late) -> tuple[int, int, int]:
        place = places[item.item][0]
        assert place is not None
        return ladder[place - 1].level, place, -item.due.toordinal()

    messages = [item for item in ready if _step(ladder, places[item.item][0]).mode != "task"]
    lead = max(messages, key=worst, default=None)
    at = places[lead.item][0] if lead else None
    paused = lead is not None and _paused(scenario, run, as_of)
    for item in run:
        place, is_ready = places.get(item.item, (None, False))
        is_task = is_ready and _step(ladder, place).mode == "task"
        if item.asked == 0:
            found.waits[item.item] = "gate"
        elif is_task and place is not None and (at is None or place > at):
            found.asked.setdefault((payer, ladder[place - 1].code), {})[item.item] = item.asked
        elif at is not None and rung(scenario, item)[0] <= at:
            if paused:
                found.waits[item.item] = "paused"
            else:
                found.asked.setdefault((payer, ladder[at - 1].code), {})[item.item] = item.asked
        else:
            found.waits[item.item] = "ladder_ended" if place is None else "waiting"


def _step(ladder: tuple[Step, ...], place: int | None) -> Step:
    assert place is not None
    return ladder[place - 1]


def _paused(scenario: Scenario, run: list[Late], as_of: date) -> bool:
    days = [day for item in run for day, _ in item.left]
    return bool(days) and (as_of - max(days)).days < max(scenario.pause_days, 1)


def _nominal(scenario: Scenario, place: int) -> int:
    step = scenario.ladder[place - 1]
    if step.anchor == "previous":
        return _nominal(scenario, place - 1) + step.days
    return max(step.days, 0)


def rung(scenario: Scenario, item: Late) -> tuple[int, date | None]:
    """How far it has climbed, and since when."""
    codes = [step.code for step in scenario.ladder]
    at, since = 0, None
    for day, place in sorted((day, codes.index(code) + 1) for day, code in item.left):
        if place > at:
            old = (day - item.due).days >= _nominal(scenario, place)
            at, since = (place if old else at + 1), day
    return at, since


def _place(scenario: Scenario, item: Late, total: int, oldest: date, as_of: date) -> tuple[int | None, bool]:
    """The rung that it is at, and whether that is reached today."""
    at, since = rung(scenario, item)
    done = {code for _, code in item.left}
    first = last_over = None
    for place, step in enumerate(scenario.ladder, 1):
        if place <= at or step.code in done:
            continue
        if step.amount_min is not None and total < step.amount_min * 100:
            continue
        on = _on(scenario, place, item, oldest, since)
        if step.mode == "task" and day_after(on, step.patience) < as_of:
            last_over = place
        elif first is None:
            first = place
    if first is not None and _on(scenario, first, item, oldest, since) <= as_of:
        return first, True
    if last_over is not None:
        return last_over, True
    return first, False


def _on(scenario: Scenario, place: int, item: Late, oldest: date, since: date | None) -> date:
    step = scenario.ladder[place - 1]
    if step.anchor == "due":
        return day_after(item.due, step.days)
    if step.anchor == "oldest_overdue":
        return day_after(oldest, step.days)
    return day_after(since, step.days) if since else day_after(item.due, _nominal(scenario, place))
