"""A scenario's name, segment and contact caps: a copy of a ready-made one or of one's own, changed later; previewed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from encours.core.base.issue import CallError
from encours.core.dunning.choose import chosen, rows
from encours.core.dunning.facts import facts
from encours.core.dunning.fields import Fault
from encours.core.dunning.reading import read_scenarios, scenario_data
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.scenario import Scenario, Scenarios
from encours.store import parquet
from encours.store.models import Customer, DunningScenario
from encours.usecases.dunning_known import known_of
from encours.usecases.edit_steps import code_of
from encours.usecases.manage_scenarios import save_scenario, scenario_row, scenarios_of
from encours.usecases.rights import Actor, require, require_visible
from encours.usecases.type_conditions import conditions_data
from encours.usecases.viewing import Viewing

ACT = "edit_scenario"
READY = "ready:"
_LISTED = 50
#: Codes that stand in addresses.
_RESERVED = {"new", "choose", "condition"}


@dataclass(frozen=True)
class TypedCap:
    """At most so many contacts within so many days, as it was typed. `channels` None: over all of them together."""

    contacts: str
    days: str
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Shape:
    """What a person says of a scenario beside its steps; `conditions`: column, operator, value as they were typed.

    `caps` None: those that it has stay.
    """

    name: str
    language: str
    priority: str
    pause_days: str
    conditions: tuple[tuple[str, str, str], ...]
    caps: tuple[TypedCap, ...] | None = None


@dataclass(frozen=True)
class Follower:
    """A customer that would follow the scenario: what it owes overdue in minor units, and what it follows today."""

    customer_id: str
    name: str
    currency: str
    overdue: int
    now: str  # code of the scenario that it follows today; "" none


@dataclass(frozen=True)
class Followers:
    """Who would follow a scenario, the largest first; `leaving`: who follows it today and would not any more."""

    customers: int
    amounts: list[tuple[str, int]]
    rows: list[Follower]
    joining: int
    leaving: int


def sources(entity_id: str) -> list[tuple[str, Scenario]]:
    """What can be copied: the ready-made scenarios, then the entity's own, each with its key."""
    ready = [(f"{READY}{one.code}", one) for one in ready_scenarios().active]
    return ready + [(one.code, one) for one in sorted(scenarios_of(entity_id).scenarios, key=lambda one: one.priority)]


def source_of(entity_id: str, key: str) -> Scenario:
    """The scenario behind a key. Raises CallError where there is none."""
    found = dict(sources(entity_id)).get(key)
    if found is None:
        raise CallError([Fault("choose a scenario to begin from", "", "source")])
    return found


def copy_scenario(actor: Actor, entity_id: str, source: str, shape: Shape, why: str = "") -> DunningScenario:
    """A new scenario with the steps of another, switched off. Raises NotAllowedError, or CallError of every fault."""
    require_visible(actor, entity_id, ACT)
    require(actor, ACT, entity_id)
    return save_scenario(actor, entity_id, scenario_data(drafted(entity_id, source, shape)), why)


def reshape_scenario(actor: Actor, entity_id: str, code: str, shape: Shape, why: str = "") -> DunningScenario:
    """Another name, place, segment or contact caps of a scenario; raises as `copy_scenario`."""
    row = scenario_row(actor, entity_id, code, ACT)
    return save_scenario(actor, entity_id, scenario_data(_shaped(row.data, shape)), why)


def drafted(entity_id: str, source: str, shape: Shape) -> Scenario:
    """The scenario that a copy would be. Raises CallError of every fault (`Fault`: name, priority, segment#n…)."""
    taken = _RESERVED | set(DunningScenario.objects.filter(entity_id=entity_id).values_list("code", flat=True))
    origin = source_of(entity_id, source)
    # A copy bears the name that it was given, in whatever language it is read.
    data = scenario_data(origin) | {"code": code_of(shape.name, taken, "scenario"), "names": {}, "active": True}
    return _shaped(data, shape)


def preview_followers(viewing: Viewing, entity_id: str, code: str, source: str, shape: Shape) -> Followers:
    """Who would follow the scenario `code` as `shape` says (a copy of `source` where code is empty), of those that are
    seen. Nothing is written. Raises NotAllowedError and CallError."""
    actor = viewing.actor
    if code:
        draft = replace(_shaped(scenario_row(actor, entity_id, code, ACT).data, shape), active=True)
    else:
        require_visible(actor, entity_id, ACT)
        require(actor, ACT, entity_id)
        draft = drafted(entity_id, source, shape)
    standing = scenarios_of(entity_id, planned=True)
    others = tuple(one for one in standing.scenarios if one.code != draft.code)
    book = parquet.read_book([entity_id])
    known = known_of(entity_id, viewing.today, book, pl.DataFrame())
    of = facts(book, viewing.today, known, Scenarios((*others, draft)))
    before = rows(of)
    both = before.select(
        "item.customer_id", "item.currency", "item.open", "item.is_overdue",
        then=chosen(of, before), now=chosen(replace(of, scenarios=standing), before),
    )  # fmt: skip
    return _followers(viewing, draft.code, both)


def _followers(viewing: Viewing, code: str, both: pl.DataFrame) -> Followers:
    seen = dict(viewing.every_entity().facts(Customer).values_list("customer_id", "name"))
    both = both.filter(pl.col("item.customer_id").is_in(list(seen)))
    mine = both.filter(pl.col("then") == code)
    late = pl.when("item.is_overdue").then("item.open").otherwise(0)
    found = (
        mine.group_by("item.customer_id", "item.currency")
        .agg(overdue=late.sum(), now=pl.col("now").drop_nulls().mode().sort().first())
        .sort("overdue", "item.customer_id", descending=[True, False])
    )
    amounts: dict[str, int] = defaultdict(int)
    for currency, overdue in found.select("item.currency", "overdue").iter_rows():
        amounts[currency] += overdue
    inside = set(mine["item.customer_id"])
    already = set(both.filter(pl.col("now") == code)["item.customer_id"])
    listed = [
        Follower(customer_id, seen[customer_id] or customer_id, currency, overdue, now or "")
        for customer_id, currency, overdue, now in found.head(_LISTED).iter_rows()
    ]
    totals = sorted(((one, sum_) for one, sum_ in amounts.items() if sum_), key=lambda pair: -pair[1])
    return Followers(len(inside), totals, listed, len(inside - already), len(already - inside))


def _shaped(data: Any, shape: Shape) -> Scenario:
    """A scenario with a shape. Raises CallError of every fault."""
    code = data["code"]
    names = dict(data.get("names", {})) | {shape.language: shape.name.strip()}
    segment, faults = conditions_data(shape.conditions, f"{code}/segment")
    if not shape.name.strip():
        faults.append(Fault(f"{code}: give the scenario a name", code, "name"))
        names = {shape.language: code}
    whole = dict(data) | {
        "names": {language: name for language, name in names.items() if name},
        "priority": _number(shape.priority),
        "pause_days": _number(shape.pause_days),
        "segment": segment,
    }
    if shape.caps is not None:
        whole["caps"] = [_cap(one) for one in shape.caps]
        faults += _over_nothing(shape.caps, code)
    try:
        made = read_scenarios(whole).scenarios[0]
    except CallError as refused:
        raise CallError([*faults, *refused.faults]) from refused
    if faults:
        raise CallError(faults)
    return made


def _cap(typed: TypedCap) -> dict[str, Any]:
    """A cap as a scenario has it; what is no number stays as it was typed, and is refused with its field."""
    told = {"contacts": _number(typed.contacts), "days": _number(typed.days), "channels": list(typed.channels or ())}
    return {name: value for name, value in told.items() if value != ""}


def _over_nothing(caps: Iterable[TypedCap], code: str) -> list[str]:
    """A cap over some channels names them: in a scenario, none would mean all."""
    places = (f"{code}/caps#{at}" for at, one in enumerate(caps, 1) if one.channels == ())
    return [Fault(f"{place}: choose at least one channel", place, "channels") for place in places]


def _number(text: str) -> Any:
    plain = text.strip()
    return int(plain) if re.fullmatch(r"\d{1,9}", plain) else plain
