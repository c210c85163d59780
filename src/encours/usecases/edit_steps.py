"""Steps of a scenario as people edit them: added, changed, moved on the time line, taken out; each a new version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from encours.core.base.issue import CallError
from encours.core.dunning.fields import RUNG_MAX, Fault
from encours.core.dunning.reading import formal_faults, read_scenarios, scenario_data
from encours.core.dunning.timeline import placed
from encours.store.models import DunningScenario, ScenarioVersion
from encours.usecases.compose_letter import LETTERS
from encours.usecases.edit_template import list_templates, template_of
from encours.usecases.letter_wording import letter_codes
from encours.usecases.manage_scenarios import save_scenario, scenario_row
from encours.usecases.rights import Actor
from encours.usecases.type_conditions import conditions_data

ACT = "edit_scenario"
#: Who writes, and who signs a formal notice.
SENDERS = ("collector", "sales_owner", "credit_manager")
SIGNATORIES = ("credit_manager", "cfo", "collector", "sales_owner")
#: Roles of a customer's contacts to which a step may write.
ROLES = ("accounts_payable", "buyer", "cfo", "executive", "site", "accountant", "public_accountant", "sales_owner")
_NUMBERS = ("level", "days", "notice_hours", "minutes", "patience")
_AMOUNTS = ("amount_min", "amount_max")
_TEXTS = ("anchor", "channel", "template", "tone", "mode", "sender")
_LISTS = ("to", "cc")
_FLAGS = ("end_of_month", "formal")


@dataclass(frozen=True)
class TypedStep:
    """A step as a form sends it: texts for numbers, too. `after`: the rung that its days count from, where they do.

    `fields["when"]`: its conditions, each column, operator and value; `fields["window"]`: `{"weekdays": ["1", …],
    "hours": [("09:00", "18:00"), …]}` where it has hours of its own, else None.
    """

    fields: Mapping[str, Any]
    name: str
    language: str
    after: str = ""


def add_step(actor: Actor, entity_id: str, code: str, typed: TypedStep, why: str = "") -> str:
    """A new step in its place; gives its code. Raises NotAllowedError, or one CallError of every fault (`Fault`)."""
    row = scenario_row(actor, entity_id, code, ACT)
    own = code_of(typed.name, _codes_ever(row), "step")
    changes, faults = _changes(typed.fields, f"{code}/{own}")
    data = changes | {"code": own, "names": {typed.language: typed.name.strip() or own}}
    if not typed.name.strip():
        faults.append(_missing_name(code, own))
    _save(actor, row, data, typed.after, why, faults)
    return own


def change_step(
    actor: Actor, entity_id: str, code: str, step_code: str, changes: TypedStep | Mapping[str, Any], why: str = ""
) -> DunningScenario:
    """Changes fields of one step (None drops a field) and moves it to its place; raises as `add_step`."""
    row = scenario_row(actor, entity_id, code, ACT)
    before = next((step for step in row.data["steps"] if step["code"] == step_code), None)
    if before is None:
        raise CallError([f"scenario {code} has no step {step_code}"])
    typed = changes if isinstance(changes, TypedStep) else TypedStep(changes, "", "")
    own, faults = _changes(typed.fields, f"{code}/{step_code}")
    own |= {name: _in_order(before.get(name, ()), own[name]) for name in _LISTS if own.get(name)}
    data = dict(before) | own
    if typed.language:
        names = dict(before.get("names", {})) | {typed.language: typed.name.strip()}
        data["names"] = {language: name for language, name in names.items() if name} or {typed.language: step_code}
        faults += [] if typed.name.strip() else [_missing_name(code, step_code)]
    return _save(actor, row, data, typed.after, why, faults)


def drop_step(actor: Actor, entity_id: str, code: str, step_code: str, why: str = "") -> DunningScenario:
    """The scenario without one of its steps; a rung that counted from it counts from the one before."""
    row = scenario_row(actor, entity_id, code, ACT)
    left = [step for step in row.data["steps"] if step["code"] != step_code]
    if len(left) == len(row.data["steps"]):
        raise CallError([f"scenario {code} has no step {step_code}"])
    return save_scenario(actor, entity_id, dict(row.data) | {"steps": left}, why)


def code_of(name: str, taken: Collection[str], otherwise: str) -> str:
    """A code out of a name, that nothing bears yet: letters, digits and _, at most RUNG_MAX, its number with it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:RUNG_MAX].strip("_") or otherwise
    endings = (f"_{number}" for number in range(2, len(taken) + 3))
    numbered = (base[: RUNG_MAX - len(ending)].strip("_") + ending for ending in endings)
    return next(code for code in (base, *numbered) if code not in taken)


def step_templates(actor: Actor, entity_id: str) -> list[str]:
    """Codes of the templates that a step may name."""
    return sorted({one.code for one in list_templates(actor, entity_id)} | letter_codes(entity_id))


def _save(
    actor: Actor, row: DunningScenario, data: dict[str, Any], after: str, why: str, faults: list[str]
) -> DunningScenario:
    """Saves the scenario with the step `data` in its place. A step that is wrong keeps its place: faults are said."""
    entity_id = row.entity_id or ""
    faults += _template_faults(entity_id, row, data)
    try:
        step = read_scenarios(_alone(row, data)).scenarios[0].steps[-1]
    except CallError as refused:
        raise CallError([*faults, *refused.faults]) from refused
    now = read_scenarios(row.data).scenarios[0]
    whole = scenario_data(replace(now, steps=placed(now.steps, step, after or None)))
    try:
        faults += formal_faults(read_scenarios(whole).scenarios[0])
    except CallError as refused:
        faults += refused.faults
    if faults:
        raise CallError(faults)
    return save_scenario(actor, entity_id, whole, why)


def _alone(row: DunningScenario, data: dict[str, Any]) -> dict[str, Any]:
    """A scenario of the one step, by which its own faults are found; what it counts from is judged with the others."""
    first = {"code": "0", "level": 0 if data.get("level") == 0 else 1, "days": 0, "channel": "email",
             "template": "before"}  # fmt: skip
    return {"code": row.code, "names": row.data.get("names", {"en": row.code}), "steps": [first, data]}


def _changes(fields: Mapping[str, Any], place: str) -> tuple[dict[str, Any], list[str]]:
    """Values as a scenario has them, and what is wrong with its conditions.

    What is no number stays as it was typed, and is refused with its field.
    """
    found: dict[str, Any] = {name: fields[name] for name in (*_TEXTS, *_LISTS, *_FLAGS) if name in fields}
    found |= {name: _number(fields[name]) for name in _NUMBERS if name in fields}
    found |= {name: _amount(fields[name]) for name in _AMOUNTS if name in fields}
    if "signatory" in fields:
        found["signatory"] = fields["signatory"] or None
    if "window" in fields:
        found["window"] = _window(fields["window"])
    faults: list[str] = []
    if "when" in fields:
        found["when"], faults = conditions_data(fields["when"], f"{place}/when")
    return found, faults


def _in_order(before: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Roles in the order in which they stood, the new ones after them: boxes are sent as they lie on the page."""
    return [*(one for one in before if one in asked), *(one for one in asked if one not in before)]


def _window(asked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A window as a scenario has it: a span of which neither end was given is none."""
    if asked is None:
        return None
    spans = [[end.strip() for end in span] for span in asked["hours"]]
    return {"weekdays": [_number(day) for day in asked["weekdays"]], "hours": [span for span in spans if any(span)]}


def _number(value: Any) -> Any:
    text = str(value).replace("\u2212", "-").strip()
    return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text) else text


def _amount(value: Any) -> Any:
    """An amount as people write it, in whole units and cents. What is none is marked, so that it is refused: `1,500`
    is one and a half to some and fifteen hundred to others."""
    if value is None or not str(value).strip():
        return None
    text = re.sub(r"\s", "", str(value))
    return text.replace(",", ".") if re.fullmatch(r"\d+([.,]\d{1,2})?", text) else f"?{text}"


def _codes_ever(row: DunningScenario) -> set[str]:
    """Codes of steps now and before: what left under an old one must not count for a new step."""
    every = [row.data, *ScenarioVersion.objects.filter(scenario=row).values_list("data", flat=True)]
    return {step["code"] for data in every for step in data.get("steps", ())}


def _template_faults(entity_id: str, row: DunningScenario, data: Mapping[str, Any]) -> list[str]:
    code, place = data.get("template"), f"{row.code}/{data['code']}"
    if not code or any(step.get("template") == code for step in row.data["steps"]):
        return []  # one that is missing is said by the reader; what stands already was looked at
    try:
        template_of(entity_id, str(code), "en")
    except CallError:
        if data.get("channel") in LETTERS and code in letter_codes(entity_id):
            return []
        return [Fault(f"{place}: there is no template {code!r}", place, "template")]
    return []


def _missing_name(code: str, step_code: str) -> Fault:
    place = f"{code}/{step_code}"
    return Fault(f"{place}: give the step a name", place, "name")
