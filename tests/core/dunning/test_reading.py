"""Scenarios from data: every fault said at once, with its place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.reading import as_data, formal_faults, read_scenarios
from encours.core.dunning.ready import ready_scenarios

_STEP = {"code": "one", "level": 1, "days": 3, "channel": "email", "template": "t"}


def _one(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"code": "s", "names": {"en": "S", "fr": "S"}, "steps": list(steps) or [_STEP], **more}


def _faults(data: Any) -> list[str]:
    with pytest.raises(CallError) as caught:
        read_scenarios(data)
    return caught.value.faults


def test_as_json_and_back_nothing_is_lost() -> None:
    text = json.dumps(as_data(ready_scenarios()))
    assert read_scenarios(json.loads(text)) == ready_scenarios()


def test_the_ready_made_ones_are_for_every_kind_of_customer_and_end_in_a_decision() -> None:
    ready = ready_scenarios()
    assert [one.code for one in ready.active] == ["consumer", "public", "key_account", "foreign", "sme"]
    for one in ready.scenarios:
        assert one.ladder[-1].mode == "task"
        assert all(set(step.names) >= {"en", "fr"} for step in one.steps)
        assert any(step.level == 0 and step.days < 0 for step in one.steps)
    consumer = ready.get("consumer")
    assert consumer is not None
    assert [(cap.contacts, cap.days) for cap in consumer.caps] == [(4, 30)]
    assert consumer.step("b2c_sms").window is not None
    with pytest.raises(KeyError):
        consumer.step("nothing")


def test_every_fault_is_said_with_its_place() -> None:
    bad = _one(
        {**_STEP, "channel": "pigeon", "when": [{"column": "customer.shoe", "op": "eq", "value": 1}]},
        {**_STEP, "days": "3", "amount_min": 9, "amount_max": 8, "tune": 1},
        priority=-1, segment=[{"column": "item.open", "op": "ge", "value": "much"}], caps=[{"contacts": 0, "days": 3}],
    )  # fmt: skip
    faults = _faults(bad)
    assert len(faults) == 9
    places = {fault.split(":")[0] for fault in faults}
    assert places == {"s", "s/segment#1", "s/caps#1", "s/one", "s/one/when#1"}


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ({"formal": True, "mode": "automatic", "signatory": "cfo"}, "never leaves by itself"),
        ({"formal": True}, "names a signatory"),
        ({"channel": "call"}, "is a task"),
        ({"days": -2}, "before the due date"),
        ({"to": []}, "nobody"),
        ({"anchor": "previous"}, "there is none"),
        ({"window": {"weekdays": []}}, "no weekday"),
        ({"window": {"hours": [["18:00", "09:00"]]}}, "spans"),
        ({"anchor": "event:"}, "anchor"),
    ],
)
def test_what_does_not_go_together_is_refused(step: dict[str, Any], word: str) -> None:
    assert any(word in fault for fault in _faults(_one({**_STEP, **step})))


def test_a_step_whose_code_no_touch_could_bear_is_refused() -> None:
    step = {"code": "x" * 32, "level": 1, "days": 1, "channel": "email", "template": "reminder"}
    read_scenarios({"code": "s", "names": {"en": "S"}, "steps": [step]})
    with pytest.raises(CallError, match="a code of at most 32"):
        read_scenarios({"code": "s", "names": {"en": "S"}, "steps": [{**step, "code": "x" * 33}]})


def test_a_formal_notice_is_announced_48_hours_before() -> None:
    assert all(one.notice_hours >= 48 for s in ready_scenarios().scenarios for one in s.steps if one.formal)
    step = {
        "code": "a",
        "level": 1,
        "days": 1,
        "channel": "letter",
        "template": "x",
        "formal": True,
        "signatory": "cfo",
    }
    read = read_scenarios({"code": "s", "names": {"en": "S"}, "steps": [step]}).scenarios[0]
    assert read.steps[0].notice_hours == 48
    assert formal_faults(read) == []
    late = read_scenarios({"code": "s", "names": {"en": "S"}, "steps": [{**step, "notice_hours": 24}]}).scenarios[0]
    assert [(one.place, one.field) for one in formal_faults(late)] == [("s/a", "notice_hours")]


def test_an_order_hold_is_announced_48_hours_before_and_is_a_task() -> None:
    step = {"code": "a", "level": 4, "days": 40, "channel": "order_hold", "template": "x", "mode": "task"}
    read = read_scenarios(_one(step)).scenarios[0]
    assert read.steps[0].notice_hours == 48
    late = read_scenarios(_one({**step, "notice_hours": 24})).scenarios[0]
    assert ["an order hold is announced to sales 48 hours before" in one for one in formal_faults(late)] == [True]
    assert any("the credit manager decides" in one for one in _faults(_one({**step, "mode": "automatic"})))
    assert any("its level must be 1 or more" in one for one in _faults(_one({**step, "level": 0})))


def test_levels_only_rise_and_codes_stand_once() -> None:
    assert any("lower level" in fault for fault in _faults(_one({**_STEP, "level": 2}, {**_STEP, "code": "two"})))
    assert any("stands 2 times" in fault for fault in _faults(_one(_STEP, _STEP)))
    assert any("stands 2 times" in fault for fault in _faults({"scenarios": [_one(), _one()]}))
    assert any("no step" in fault for fault in _faults({**_one(), "steps": []}))
    assert _faults([1]) == ["scenarios: this is no group of fields", "scenarios: scenarios is missing"]


def test_what_is_not_said_has_a_careful_default() -> None:
    step = read_scenarios(_one()).scenarios[0].steps[0]
    assert (step.mode, step.anchor, step.notice_hours, step.amount_min) == ("confirm", "due", 0, None)
    assert read_scenarios(_one({**_STEP, "amount_min": "12.50"})).scenarios[0].steps[0].amount_min == Decimal("12.50")
