"""Scenarios: which there are, whom each is for, its steps, who is in it today, and how it stood before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Sum

from encours.core.base.issue import CallError
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Condition, Scenario
from encours.store.models import (
    Customer,
    DunningScenario,
    Entity,
    HeldItem,
    PlannedAction,
    ScenarioChoice,
    ScenarioVersion,
)
from encours.usecases.manage_scenarios import state_of
from encours.usecases.viewing import Viewing

_MEMBERS = 200


@dataclass(frozen=True)
class ScenarioRow:
    """A scenario of the list; `amounts`: what its customers owe overdue, by currency, in minor units."""

    code: str
    names: dict[str, str]
    state: str
    version: int
    changed_at: datetime
    priority: int
    segment: tuple[Condition, ...]
    scenario: Scenario
    customers: int
    amounts: list[tuple[str, int]]


@dataclass(frozen=True)
class ScenariosPage:
    """The scenarios of one entity."""

    entity_id: str
    entities: list[tuple[str, str]]
    rows: list[ScenarioRow]
    without: int  # customers whom no scenario fits


@dataclass(frozen=True)
class Member:
    """A customer that follows a scenario: what it is asked today, or what waits."""

    customer_id: str
    name: str
    currency: str
    amount: int
    step: str
    state: str  # planned, or the gate that holds most
    until_on: date | None
    chosen: bool
    acted: bool  # `state` is that of a planned action, not a gate


@dataclass(frozen=True)
class VersionRow:
    """How a scenario stood before."""

    version: int
    changed_at: datetime
    by: str
    why: str
    steps: int


@dataclass(frozen=True)
class ScenarioPage:
    """One scenario with its steps, its customers and its versions."""

    entity_id: str
    entities: list[tuple[str, str]]
    row: ScenarioRow
    scenario: Scenario
    members: list[Member]
    more_members: int
    versions: list[VersionRow]


def show_scenarios(viewing: Viewing, entity_id: str = "") -> ScenariosPage:
    """The scenarios of an entity that is seen, the most particular first."""
    entities = _entities(viewing)
    of = _chosen(entities, entity_id)
    follow = _following(viewing, of)
    rows = [_row(one, follow) for one in DunningScenario.objects.filter(entity_id=of)]
    without = viewing.rows(HeldItem).filter(entity_id=of, gate="no_scenario")
    return ScenariosPage(
        of, entities, sorted(rows, key=lambda row: (row.state == "off", row.priority, row.code)),
        without.values("customer_id").distinct().count(),
    )  # fmt: skip


def show_scenario(viewing: Viewing, entity_id: str, code: str) -> ScenarioPage | None:
    """One scenario; None where there is none to be seen."""
    entities = _entities(viewing)
    of = _chosen(entities, entity_id)
    found = DunningScenario.objects.filter(entity_id=of, code=code).first()
    if found is None:
        return None
    members = _members(viewing, of, code)
    kept = ScenarioVersion.objects.filter(scenario=found).select_related("changed_by").order_by("-version")[:30]
    return ScenarioPage(
        entity_id=of, entities=entities, row=_row(found, _following(viewing, of)),
        scenario=read_scenarios(found.data).scenarios[0], members=members[:_MEMBERS],
        more_members=max(0, len(members) - _MEMBERS),
        versions=[
            VersionRow(one.version, one.changed_at, one.changed_by.get_full_name() or one.changed_by.email
                       if one.changed_by else "", one.why, len(one.data.get("steps", ())))
            for one in kept
        ],
    )  # fmt: skip


def _entities(viewing: Viewing) -> list[tuple[str, str]]:
    return list(viewing.rows(Entity).order_by("name").values_list("entity_id", "name"))


def _chosen(entities: list[tuple[str, str]], entity_id: str) -> str:
    known = [one for one, _ in entities]
    return entity_id if entity_id in known else (known[0] if known else "")


def _row(row: DunningScenario, follow: dict[str, dict[str, dict[str, int]]]) -> ScenarioRow:
    try:
        scenario = read_scenarios(row.data).scenarios[0]
    except CallError:  # written by another version: shown by its code, to be restored
        scenario = Scenario(row.code, {}, 0, (), ())
    mine = follow.get(row.code, {})
    amounts: dict[str, int] = defaultdict(int)
    for sums in mine.values():
        for currency, amount in sums.items():
            amounts[currency] += amount
    return ScenarioRow(
        row.code, dict(scenario.names), state_of(row), row.version, row.changed_at, scenario.priority,
        scenario.segment, scenario, len(mine), sorted(amounts.items(), key=lambda one: -one[1]),
    )  # fmt: skip


def _following(viewing: Viewing, entity_id: str) -> dict[str, dict[str, dict[str, int]]]:
    """Scenario -> customer -> currency -> what is overdue, asked for or held, as of the latest plan."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    planned = viewing.rows(PlannedAction).filter(entity_id=entity_id, day__gte=viewing.today)
    held = viewing.rows(HeldItem).filter(entity_id=entity_id).exclude(scenario="")
    for rows in (planned, held):
        grouped = rows.order_by().values("scenario", "customer_id", "currency").annotate(total=Sum("amount"))
        for row in grouped:
            found[row["scenario"]][row["customer_id"]][row["currency"]] += row["total"]
    return found


def _members(viewing: Viewing, entity_id: str, code: str) -> list[Member]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    planned = viewing.rows(PlannedAction).filter(entity_id=entity_id, day__gte=viewing.today, scenario=code)
    for row in planned:
        rows[row.customer_id, row.currency] = {
            "amount": row.amount, "step": row.step, "state": str(row.state), "until_on": None}  # fmt: skip
    held = (
        viewing.rows(HeldItem)
        .filter(entity_id=entity_id, scenario=code)
        .order_by("-amount")
        .values("customer_id", "currency", "gate", "step")
        .annotate(total=Sum("amount"), until=Min("until_on"))
    )
    for row in held:
        key = row["customer_id"], row["currency"]
        if key in rows:
            rows[key]["amount"] += row["total"]
        else:
            rows[key] = {"amount": row["total"], "step": row["step"], "state": row["gate"], "until_on": row["until"]}
    names = dict(viewing.facts(Customer).filter(customer_id__in={one for one, _ in rows}).values_list(
        "customer_id", "name"))  # fmt: skip
    chosen = set(ScenarioChoice.objects.filter(entity_id=entity_id, scenario=code, item_id=None).values_list(
        "customer_id", flat=True))  # fmt: skip
    found = [
        Member(customer_id, names.get(customer_id) or customer_id, currency, one["amount"], one["step"], one["state"],
               one["until_on"], customer_id in chosen, one["state"] in PlannedAction.State.values)
        for (customer_id, currency), one in rows.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.acted, -one.amount, one.customer_id))
