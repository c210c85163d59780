"""The experiments of a scenario as its page shows them: what each has shown, and whom it leaves alone today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from encours.core.base.issue import CallError
from encours.core.base.money import to_minor
from encours.core.dunning.experiment import HELD_OUT, Experiment
from encours.core.dunning.fields import Fault
from encours.store.models import Customer, DunningEffects, DunningExperiment, Entity, ExperimentUnit, PlannedAction
from encours.usecases import clock
from encours.usecases.edit_steps import code_of
from encours.usecases.manage_scenarios import scenario_row
from encours.usecases.rights import Actor
from encours.usecases.run_experiment import ACT, Shown, show_experiments, start_experiment
from encours.usecases.viewing import Viewing

SEES = "plan_dunning"
#: Shares that are offered: in a hundred.
SHARES = (5, 10, 20, 30, 50)


@dataclass(frozen=True)
class HeldOut:
    """A customer that an experiment leaves alone until a day; `amount` of that day, in minor units."""

    customer_id: str
    name: str
    experiment: str
    step: str
    currency: str
    amount: int
    since: date
    until: date
    today: bool  # the plan of the day would have asked it


@dataclass(frozen=True)
class ExperimentsPage:
    """A scenario's hold-outs; `says`: how much of what is believed of messages is prior, how much own evidence."""

    currency: str
    rows: list[Shown]
    running: Shown | None
    held_out: list[HeldOut]
    says: str
    learnt_on: date | None


@dataclass(frozen=True)
class TypedExperiment:
    """A hold-out as a form sends it: all texts; share in a hundred, amount in whole units of the entity's currency."""

    share: str
    amount_max: str
    days: str
    step: str
    why: str


def show_scenario_experiments(viewing: Viewing, entity_id: str, code: str) -> ExperimentsPage:
    """The hold-outs of one scenario. Raises NotAllowedError."""
    scenario_row(viewing.actor, entity_id, code, SEES)
    rows = show_experiments(viewing.actor, entity_id, viewing.today, scenario=code)
    learnt = DunningEffects.objects.filter(entity_id=entity_id).values_list("says", "as_of").first()
    return ExperimentsPage(
        currency=_currency(entity_id), rows=rows, running=next((one for one in rows if one.ended_on is None), None),
        held_out=left_alone(viewing, entity_id, code), says=learnt[0] if learnt else "",
        learnt_on=learnt[1] if learnt else None,
    )  # fmt: skip


def left_alone(viewing: Viewing, entity_id: str, code: str) -> list[HeldOut]:
    """Customers of a scenario that a running experiment leaves alone today, of those that are seen; largest first."""
    running = DunningExperiment.objects.filter(entity_id=entity_id, scenario=code, ended_on__isnull=True).first()
    if running is None:
        return []
    begun = viewing.today - timedelta(days=running.days)
    units = ExperimentUnit.objects.filter(experiment=running, arm=HELD_OUT, entered_on__gt=begun)
    names = dict(
        viewing.every_entity().facts(Customer).filter(customer_id__in=units.values("customer_id"))
        .values_list("customer_id", "name")
    )  # fmt: skip
    planned = PlannedAction.objects.filter(
        entity_id=entity_id, scenario=code, day__gte=viewing.today, state=PlannedAction.State.WITHHELD
    )
    today = set(planned.values_list("customer_id", flat=True))
    found = [
        HeldOut(
            unit.customer_id, names[unit.customer_id] or unit.customer_id, running.code, unit.step, unit.currency,
            unit.amount, unit.entered_on, unit.entered_on + timedelta(days=running.days), unit.customer_id in today,
        )
        for unit in units
        if unit.customer_id in names
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.today, -one.amount, one.customer_id))


def start_hold_out(actor: Actor, entity_id: str, code: str, typed: TypedExperiment) -> str:
    """Starts a hold-out of a scenario and gives its code. Raises NotAllowedError, or CallError of every fault."""
    row = scenario_row(actor, entity_id, code, ACT)
    faults: list[str] = []
    try:
        amount = to_minor(typed.amount_max.strip(), _currency(entity_id))
    except ValueError:
        amount = 0
    if typed.step and typed.step not in {step["code"] for step in row.data["steps"]}:
        faults.append(Fault("choose a step of the scenario, or all", code, "step"))
    if not typed.why.strip():
        faults.append(Fault("say what the hold-out is to find out", code, "why"))
    taken = set(DunningExperiment.objects.filter(entity_id=entity_id).values_list("code", flat=True))
    own = code_of(f"{code[:20]} {clock.today():%Y %m}", taken, "hold_out")
    share, days = _whole(typed.share), _whole(typed.days)
    try:
        experiment = Experiment(own, code, share / 100, amount, typed.step or None, days)
    except CallError as refused:
        raise CallError([*faults, *refused.faults]) from refused
    if faults:
        raise CallError(faults)
    start_experiment(actor, entity_id, experiment, typed.why)
    return own


def _whole(text: str) -> int:
    """A whole number; what is none is 0, which nothing here may be."""
    plain = text.strip().removesuffix("%").strip()
    return int(plain) if plain.isdecimal() and len(plain) < 6 else 0


def _currency(entity_id: str) -> str:
    return str(Entity.objects.filter(pk=entity_id).values_list("currency", flat=True).first() or "EUR")
