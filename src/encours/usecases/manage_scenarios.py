"""Dunning scenarios of an entity: the ready-made ones installed, changed as versions, switched, chosen by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.dunning.reading import formal_faults, read_scenarios, scenario_data
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.scenario import Scenario, Scenarios
from encours.store import audit, parquet
from encours.store.models import Customer, DunningScenario, Item, ScenarioChoice, ScenarioVersion
from encours.usecases import clock
from encours.usecases.dunning_rules import digest_of
from encours.usecases.rights import Actor, NotAllowedError, require, require_visible

#: off: not planned. test: planned and shown, nothing of it leaves. on: it chases.
STATES = ("off", "test", "on")


def install_scenarios(entity_id: str) -> int:
    """The ready-made scenarios for an entity that has none, in test: planned and shown, and nothing of them leaves."""
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        if DunningScenario.objects.filter(entity_id=entity_id).exists():
            return 0
        ready = ready_scenarios().scenarios
        for scenario in ready:
            row = DunningScenario.objects.create(
                entity_id=entity_id, code=scenario.code, data=scenario_data(scenario), active=True, testing=True,
                changed_at=clock.now(),
            )  # fmt: skip
            _keep_version(row, None, "")
    return len(ready)


def followed(entity_id: str) -> Scenarios:
    """The scenarios that the planner follows; an entity without any gets the ready-made ones."""
    install_scenarios(entity_id)
    return scenarios_of(entity_id, planned=True)


def scenarios_of(entity_id: str, *, planned: bool = False) -> Scenarios:
    """The entity's scenarios as core reads them; those that are switched off are not active. `planned`: only others."""
    rows = DunningScenario.objects.filter(entity_id=entity_id).order_by("code")
    found = []
    for row in rows:
        one = read_scenarios(row.data).scenarios[0]
        found.append(replace(one, active=row.active))
    every = tuple(one for one in found if one.active or not planned)
    return Scenarios(every, digest=digest_of(entity_id, clock.today()))


def state_of(row: DunningScenario) -> str:
    """One of STATES."""
    return "off" if not row.active else "test" if row.testing else "on"


def testing_codes(entity_id: str) -> frozenset[str]:
    """Codes of the scenarios of which nothing leaves."""
    rows = DunningScenario.objects.filter(entity_id=entity_id).exclude(active=True, testing=False)
    return frozenset(rows.values_list("code", flat=True))


def save_scenario(actor: Actor, entity_id: str, data: Mapping[str, Any], why: str = "") -> DunningScenario:
    """A scenario's next version, or a new scenario (switched off); an equal one changes nothing.

    Raises NotAllowedError, or one CallError that names every fault of the data.
    """
    require_visible(actor, entity_id, "edit_scenario")
    require(actor, "edit_scenario", entity_id)
    scenario = read_scenarios(data).scenarios[0]
    if faults := formal_faults(scenario):
        raise CallError(faults)
    plain = scenario_data(scenario)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        row = DunningScenario.objects.filter(entity_id=entity_id, code=scenario.code).first()
        if row is not None and scenario_data(read_stored(row)) == plain:
            return row
        before = None if row is None else row.version
        if row is None:
            row = DunningScenario(entity_id=entity_id, code=scenario.code, active=False, testing=True, version=0)
        row.data, row.version = plain, row.version + 1
        row.changed_at, row.changed_by = clock.now(), actor.user
        row.save()
        _keep_version(row, actor, why)
        _tell(actor, "edit_scenario", row, {"version": before}, {"version": row.version}, why)
    return row


def restore_version(actor: Actor, entity_id: str, code: str, version: int) -> DunningScenario:
    """An earlier version again, as a new one."""
    row = scenario_row(actor, entity_id, code, "edit_scenario")
    kept = ScenarioVersion.objects.filter(scenario=row, version=version).first()
    if kept is None:
        raise CallError([f"scenario {code} has no version {version}"])
    return save_scenario(actor, entity_id, kept.data, f"version {version}")


def switch_scenario(actor: Actor, entity_id: str, code: str, state: str, why: str = "") -> DunningScenario:
    """Off, in test, or on: from then on what it plans may leave. Raises NotAllowedError or CallError."""
    row = scenario_row(actor, entity_id, code, "activate_scenario")
    if state not in STATES:
        raise CallError([f"a scenario is {', '.join(STATES)}, not {state!r}"])
    before = state_of(row)
    if before == state:
        return row
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        row.active, row.testing = state != "off", state != "on"
        row.save(update_fields=["active", "testing"])
        _tell(actor, "activate_scenario", row, {"state": before}, {"state": state}, why)
    return row


def choose_scenario(
    actor: Actor, customer_id: str, code: str, item_id: str | None = None, why: str = ""
) -> ScenarioChoice | None:
    """A scenario for one customer or one item, whatever the segments say; "" takes the choice back."""
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError("choose_scenario", None, "not_visible")
    entity_id = customer.entity_id
    require(actor, "choose_scenario", entity_id)
    if item_id and not actor.scope(Item).filter(item_id=item_id, customer_id=customer_id, is_current=True).exists():
        raise NotAllowedError("choose_scenario", entity_id, "not_visible")
    if code and not DunningScenario.objects.filter(entity_id=entity_id, code=code).exists():
        raise CallError([f"there is no scenario {code!r}"])
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        own = {"item_id": item_id} if item_id else {"customer_id": customer_id, "item_id__isnull": True}
        rows = ScenarioChoice.objects.filter(entity_id=entity_id, **own)
        before = rows.values_list("scenario", flat=True).first()
        rows.delete()
        made = ScenarioChoice.objects.create(
            entity_id=entity_id, customer_id=customer_id, item_id=item_id or None, scenario=code,
            chosen_at=clock.now(), chosen_by=actor.user, why=why,
        ) if code else None  # fmt: skip
        audit.append(
            clock.now(), actor.name, "choose_scenario", entity_id=entity_id, subject=item_id or customer_id,
            before=before, after=code or None, why=why,
        )  # fmt: skip
    return made


def scenario_row(actor: Actor, entity_id: str, code: str, act: str) -> DunningScenario:
    """The row of a scenario, for an act on it. Raises NotAllowedError."""
    require_visible(actor, entity_id, act)
    require(actor, act, entity_id)
    row = DunningScenario.objects.filter(entity_id=entity_id, code=code).first()
    if row is None:
        raise NotAllowedError(act, entity_id, "not_visible")
    return row


def read_stored(row: DunningScenario) -> Scenario:
    """A stored scenario as core reads it."""
    return read_scenarios(row.data).scenarios[0]


def version_of(row: DunningScenario, version: int) -> Scenario | None:
    """A scenario as it stood in an earlier version; None where there was none, or this version cannot read it."""
    kept = ScenarioVersion.objects.filter(scenario=row, version=version).first()
    try:
        return None if kept is None else read_scenarios(kept.data).scenarios[0]
    except CallError:
        return None


def _keep_version(row: DunningScenario, actor: Actor | None, why: str) -> None:
    ScenarioVersion.objects.create(
        scenario=row, version=row.version, data=row.data, changed_at=row.changed_at,
        changed_by=actor.user if actor else None, why=why,
    )  # fmt: skip


def _tell(actor: Actor, act: str, row: DunningScenario, before: Any, after: Any, why: str) -> None:
    audit.append(
        clock.now(), actor.name, act, entity_id=row.entity_id or "", subject=f"scenario:{row.code}", before=before,
        after=after, why=why,
    )  # fmt: skip
