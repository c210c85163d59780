"""Scenarios from plain data and back: TOML and JSON look alike."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl

from encours.core.base.issue import CallError
from encours.core.dunning import scenario as of
from encours.core.dunning.conditions import columns
from encours.core.dunning.fields import (
    Fault,
    Fields,
    amount,
    named,
    one_of,
    rung,
    several,
    span,
    text,
    whole,
    word,
    yes,
)
from encours.core.dunning.scenario import Cap, Condition, Digest, Notice, Scenario, Scenarios, Step, Window

#: So long before a formal notice or an order hold its sales owner is told.
NOTICE_HOURS = 48
_NAME = "a code of small letters, digits and _"
_RUNG = "a code of at most 32 small letters, digits and _"
_TEXT, _LIST, _YES = "a text", "a list of texts", "true or false"
_DAYS = "a number of days"
_AMOUNT = "an amount, such as 1500 or 1500.50"


def _one(words: Sequence[str]) -> str:
    return f"one of {', '.join(words)}"


def read_scenarios(data: Mapping[str, Any]) -> Scenarios:
    """Scenarios of `{"scenarios": […], "digest": {…}, "notice": {…}}`, or of one scenario alone.

    Raises one CallError that names every fault and its place.
    """
    faults: list[str] = []
    if isinstance(data, Mapping) and "code" in data:
        data = {"scenarios": [data]}
    fields = Fields(data, "scenarios", faults)
    every = fields.take("scenarios", several(lambda one: one), "a list of scenarios") or ()
    digest = fields.take("digest", lambda one: one, "", {})
    notice = fields.take("notice", lambda one: one, "", {})
    fields.close()
    found = tuple(_scenario(one, f"#{place}", faults) for place, one in enumerate(every, 1))
    made = Scenarios(found, _digest(digest, faults), _notice(notice, faults))
    for code, count in Counter(one.code for one in found).items():
        if count > 1 and code:
            faults.append(f"{code}: the code stands {count} times")
    if faults:
        raise CallError(faults)
    return made


def as_data(scenarios: Scenarios) -> dict[str, Any]:
    """The same as plain data: what `read_scenarios` takes."""
    found: dict[str, Any] = _plain(scenarios)
    return found


def scenario_data(scenario: Scenario) -> dict[str, Any]:
    """One scenario as plain data."""
    found: dict[str, Any] = _plain(scenario)
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: _plain(one) for name, one in pairs if one is not None}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def _scenario(data: Any, place: str, faults: list[str]) -> Scenario:
    fields = Fields(data, place, faults)
    code = fields.take("code", word, _NAME) or ""
    fields.place = place = code or place
    names = fields.take("names", named, "names by language") or {}
    priority = fields.take("priority", whole(0, 10_000), "a whole number from 0 to 10000", 100)
    segment = _conditions(fields, "segment", place, faults)
    steps = fields.take("steps", several(lambda one: one), "a list of steps") or ()
    caps = fields.take("caps", several(lambda one: one), "a list of caps", ())
    made = Scenario(
        code, names, priority, segment,
        tuple(_step(one, f"{place}/#{at}", place, faults) for at, one in enumerate(steps, 1)),
        fields.take("pause_days", whole(0, 365), _DAYS, Scenario.pause_days),
        tuple(_cap(one, f"{place}/caps#{at}", faults) for at, one in enumerate(caps, 1)),
        fields.take("key_accounts", yes, _YES, False), fields.take("active", yes, _YES, True),
    )  # fmt: skip
    fields.close()
    _sound(made, place, faults)
    return made


def _step(data: Any, place: str, scenario: str, faults: list[str]) -> Step:
    fields = Fields(data, place, faults)
    code = fields.take("code", rung, _RUNG) or ""
    fields.place = place = f"{scenario}/{code}" if code else place
    window = fields.take("window", lambda one: one, "", None)
    formal = fields.take("formal", yes, _YES, False)
    channel: of.Channel = fields.take("channel", one_of(of.CHANNELS), _one(of.CHANNELS)) or "email"
    announced = formal or channel == of.ORDER_HOLD
    made = Step(
        code=code,
        names=fields.take("names", named, "names by language", {"en": code}),
        level=fields.take("level", whole(0, 12), "a level from 0 to 12") or 0,
        anchor=fields.take("anchor", _anchor, "due, oldest_overdue, previous or event:… with a kind", of.DUE),
        days=fields.take("days", whole(-365, 3650), _DAYS) or 0,
        channel=channel,
        template=fields.take("template", word, _NAME) or "",
        end_of_month=fields.take("end_of_month", yes, _YES, False),
        tone=fields.take("tone", word, _NAME, Step.tone),
        sender=fields.take("sender", word, _NAME, Step.sender),
        to=fields.take("to", several(word), _LIST, Step.to),
        cc=fields.take("cc", several(word), _LIST, ()),
        mode=fields.take("mode", one_of(of.MODES), _one(of.MODES), Step.mode),
        when=_conditions(fields, "when", place, faults),
        amount_min=fields.take("amount_min", amount, _AMOUNT, None),
        amount_max=fields.take("amount_max", amount, _AMOUNT, None),
        window=None if window is None else _window(window, place, faults),
        notice_hours=fields.take("notice_hours", whole(0, 720), "a number of hours", NOTICE_HOURS if announced else 0),
        formal=formal,
        signatory=fields.take("signatory", word, _NAME, None),
        minutes=fields.take("minutes", whole(0, 480), "a number of minutes", Step.minutes),
        patience=fields.take("patience", whole(0, 365), _DAYS, Step.patience),
    )  # fmt: skip
    fields.close()
    _fits(made, place, faults)
    return made


def formal_faults(scenario: Scenario) -> list[Fault]:
    """Formal notices and order holds of which sales is told too late. A scenario kept from before is still read; no
    new one is kept."""
    faults = []
    for step in scenario.steps:
        place = f"{scenario.code}/{step.code}"
        if step.notice_hours >= NOTICE_HOURS:
            continue
        if step.formal:
            said = f"{place}: a formal notice is announced to sales 48 hours before, or earlier"
            faults.append(Fault(said, place, "notice_hours"))
        elif step.channel == of.ORDER_HOLD:
            said = f"{place}: an order hold is announced to sales 48 hours before, or earlier"
            faults.append(Fault(said, place, "notice_hours"))
    return faults


def _anchor(value: Any) -> str:
    if value in (of.DUE, of.OLDEST, of.PREVIOUS):
        return str(value)
    if not isinstance(value, str) or not value.startswith(of.EVENT) or len(value) == len(of.EVENT):
        raise ValueError
    return value


def _fits(step: Step, place: str, faults: list[str]) -> None:
    """What does not go together in one step."""
    low, high = step.amount_min, step.amount_max
    if low is not None and high is not None and low > high:
        faults.append(Fault(f"{place}: the lowest amount is above the highest", place, "amount_max"))
    if step.formal and step.mode == "automatic":
        said = f"{place}: a formal notice never leaves by itself; a person confirms it or does it"
        faults.append(Fault(said, place, "mode"))
    if step.formal and not step.signatory:
        faults.append(Fault(f"{place}: a formal notice names a signatory", place, "signatory"))
    if step.channel == "call" and step.mode != "task":
        faults.append(Fault(f"{place}: a call is a task", place, "mode"))
    if step.channel == of.ORDER_HOLD and step.mode != "task":
        faults.append(Fault(f"{place}: an order hold is a task: the credit manager decides", place, "mode"))
    if step.channel == of.ORDER_HOLD and not step.chases:
        faults.append(
            Fault(f"{place}: an order hold follows what is overdue; its level must be 1 or more", place, "level")
        )
    if step.chases and step.event is None and step.days < 0:
        faults.append(Fault(f"{place}: it chases before the due date; its level must be 0", place, "level"))
    if not step.to:
        faults.append(Fault(f"{place}: nobody is written to", place, "to"))


def _sound(scenario: Scenario, place: str, faults: list[str]) -> None:
    """What does not go together in one scenario."""
    if not scenario.steps:
        faults.append(f"{place}: it has no step")
    for code, count in Counter(scenario.codes).items():
        if count > 1 and code:
            faults.append(f"{place}: step {code} stands {count} times")
    ladder = scenario.ladder
    if ladder and ladder[0].anchor == of.PREVIOUS:
        said = f"{place}: step {ladder[0].code} counts from the step before it, and there is none"
        faults.append(Fault(said, f"{place}/{ladder[0].code}", "anchor"))
    for before, step in pairwise(ladder):
        if step.level < before.level:
            said = f"{place}: step {step.code} is of a lower level than {before.code} before it"
            faults.append(Fault(said, f"{place}/{step.code}", "level"))


def _conditions(fields: Fields, name: str, place: str, faults: list[str]) -> tuple[Condition, ...]:
    every = fields.take(name, several(lambda one: one), "a list of conditions", ())
    return tuple(_condition(one, f"{place}/{name}#{at}", faults) for at, one in enumerate(every, 1))


def _condition(data: Any, place: str, faults: list[str]) -> Condition:
    fields, known = Fields(data, place, faults), columns()
    column = fields.take("column", one_of(list(known)), "a column of customer, item, profile or position") or ""
    op: of.Operator = fields.take("op", one_of(of.OPERATORS), _one(of.OPERATORS)) or "eq"
    value = fields.take("value", lambda one: one, "", None)
    fields.close()
    if not column:
        return Condition(column, op, None)
    return Condition(column, op, _value(known[column], op, value, place, faults))


def _value(dtype: pl.DataType, op: str, value: Any, place: str, faults: list[str]) -> of.Value:
    if op in ("is_null", "not_null"):
        return None
    if op in ("in", "not_in"):
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            said = f"{place}: its value is {value!r}, but must be a list of texts"
            faults.append(Fault(said, place, "value", _LIST))
            return ()
        return tuple(str(one) for one in value)
    try:
        if dtype == pl.Boolean:
            return yes(value)
        if dtype.is_numeric():
            number = Decimal(str(value))
            if isinstance(value, bool) or not number.is_finite():
                raise ValueError
            return number
        if dtype == pl.Date:
            return _day(value)
        return text(value)
    except (ValueError, TypeError, ArithmeticError):
        said = f"{place}: its value is {value!r}, which cannot be compared with this column"
        faults.append(Fault(said, place, "value"))
        return None


def _day(value: Any) -> str:
    return date.fromisoformat(str(value)).isoformat()


def _window(data: Any, place: str, faults: list[str]) -> Window:
    place = f"{place}/window"
    fields = Fields(data, place, faults)
    days = fields.take("weekdays", several(whole(1, 7)), "weekdays from 1 (Monday) to 7", Window.weekdays)
    hours = fields.take("hours", several(span), "spans of two times like 09:00, 18:00", ())
    fields.close()
    if not days:
        faults.append(Fault(f"{place}: no weekday is left", place, "weekdays"))
    return Window(days, hours)


def _cap(data: Any, place: str, faults: list[str]) -> Cap:
    fields = Fields(data, place, faults)
    made = Cap(
        fields.take("contacts", whole(1, 100), "a number of contacts from 1 to 100") or 1,
        fields.take("days", whole(1, 366), "a number of days from 1 to 366") or 1,
        fields.take("channels", several(one_of(of.CHANNELS)), "a list of channels", ()),
    )
    fields.close()
    return made


def _digest(data: Any, faults: list[str]) -> Digest:
    fields = Fields(data, "digest", faults)
    made = Digest(
        fields.take("weekday", whole(1, 7), "a weekday from 1 (Monday) to 7", Digest.weekday),
        fields.take("to", word, _NAME, Digest.to), fields.take("template", word, _NAME, Digest.template),
        fields.take("active", yes, _YES, True),
    )  # fmt: skip
    fields.close()
    return made


def _notice(data: Any, faults: list[str]) -> Notice:
    fields = Fields(data, "notice", faults)
    made = Notice(fields.take("to", word, _NAME, Notice.to), fields.take("template", word, _NAME, Notice.template))
    fields.close()
    return made
