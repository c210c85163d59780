"""The time line of a scenario: the day of each step, and where a step that is added or moved falls."""

from __future__ import annotations

from dataclasses import replace

from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.scenario import Scenario, Step
from encours.core.dunning.timeline import placed, time_line


def _sme() -> Scenario:
    found = ready_scenarios().get("sme")
    assert found is not None
    return found


def _step(code: str, days: int, *, level: int = 1, anchor: str = "due") -> Step:
    return Step(code, {"en": code}, level, anchor, days, "email", "reminder_friendly")


def _codes(steps: tuple[Step, ...]) -> list[str]:
    return [step.code for step in steps if step.climbs]


def test_steps_stand_by_their_days_and_those_of_events_after_them() -> None:
    marks = time_line(_sme())
    assert [(mark.step.code, mark.day) for mark in marks if mark.day is not None] == [
        ("courtesy", -7), ("reminder_1", 3), ("reminder_2", 10), ("call", 13), ("letter", 20), ("formal_notice", 30),
        ("handover", 45),
    ]  # fmt: skip
    assert [mark.step.code for mark in marks if mark.day is None] == ["promise_broken", "rejected", "thanks"]
    assert {mark.step.code: mark.after for mark in marks if mark.after} == {"call": "reminder_2"}


def test_a_new_rung_stands_by_its_day_then_by_its_level() -> None:
    steps = _sme().steps
    assert _codes(placed(steps, _step("a", 5)))[:3] == ["reminder_1", "a", "reminder_2"]
    assert _codes(placed(steps, _step("a", 100, level=9)))[-1] == "a"
    assert _codes(placed(steps, _step("a", 3, level=2)))[:2] == ["reminder_1", "a"]
    assert _codes(placed(steps, _step("a", 3, level=1)))[:2] == ["reminder_1", "a"]
    assert _codes(placed(steps, _step("a", 1)))[0] == "a"


def test_a_chain_of_rungs_is_not_torn_and_goes_along() -> None:
    steps = _sme().steps
    assert _codes(placed(steps, _step("a", 12, level=2)))[1:4] == ["reminder_2", "call", "a"]
    moved = placed(steps, replace(_sme().step("reminder_2"), days=25, level=3))
    assert _codes(moved) == ["reminder_1", "letter", "reminder_2", "call", "formal_notice", "handover"]
    assert len(moved) == len(steps)


def test_what_counts_from_the_step_before_stands_after_the_one_that_is_named() -> None:
    steps = _sme().steps
    new = _step("a", 4, level=3, anchor="previous")
    assert _codes(placed(steps, new, "letter"))[3:5] == ["letter", "a"]
    assert _codes(placed(steps, new))[-1] == "a"
    again = placed(steps, replace(_sme().step("call"), days=9))
    assert _codes(again) == _codes(steps)
    assert _codes(placed(steps, _sme().step("call"), "reminder_1"))[:2] == ["reminder_1", "call"]


def test_what_does_not_climb_and_what_stays_keeps_its_place() -> None:
    steps = _sme().steps
    quiet = replace(_sme().step("reminder_1"), tone="neutral")
    assert [step.code for step in placed(steps, quiet)] == [step.code for step in steps]
    thanks = replace(_sme().step("thanks"), days=5)
    assert placed(steps, thanks)[-1].days == 5
    assert placed(steps, _step("b", -3, level=0))[-1].code == "b"
