"""A random hold-out of an entity: the manager starts and ends it, each day's plan draws it, its effect is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import transaction

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.dunning.experiment import HELD_OUT, Effect, Experiment, effect, entering
from encours.store import audit, parquet
from encours.store.models import DunningExperiment, DunningScenario, ExperimentUnit
from encours.usecases import clock
from encours.usecases.experiment_units import units_of_experiment
from encours.usecases.manage_scenarios import read_stored
from encours.usecases.payer_deadlines import deadlines
from encours.usecases.rights import Actor, require, require_visible, require_whole

ACT = "run_experiment"
#: A customer that left an experiment may enter it again after so many days: it is another reminder by then.
_AGAIN_DAYS = 30


@dataclass(frozen=True)
class Shown:
    """An experiment as its page tells it: what it is, since when, and what it has shown by now."""

    code: str
    scenario: str
    step: str
    share: float
    days: int
    amount_max: int
    started_on: date
    ended_on: date | None
    why: str
    effect: Effect


def start_experiment(actor: Actor, entity_id: str, experiment: Experiment, why: str) -> bool:
    """Starts a hold-out; False where it runs already. One at a time of a scenario, and a code is never used again.

    Raises NotAllowedError, or CallError naming every fault.
    """
    require_whole(actor, entity_id, ACT)
    require(actor, ACT, entity_id)
    faults = [] if why.strip() else ["say what the hold-out is to find out"]
    asked = DunningScenario.objects.filter(entity_id=entity_id, code=experiment.scenario).first()
    if asked is not None and read_stored(asked).key_accounts:
        faults.append("key accounts are never held out: choose another scenario")
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        rows = DunningExperiment.objects.filter(entity_id=entity_id)
        same = rows.filter(code=experiment.code).first()
        if same is not None and same.ended_on is None and _as_core(same) == experiment:
            return False
        if same is not None:
            faults.append(f"there was a hold-out called {experiment.code} before: give it another name")
        elif rows.filter(scenario=experiment.scenario, ended_on__isnull=True).exists():
            faults.append(f"a hold-out of {experiment.scenario} runs already: end it first")
        if faults:
            raise CallError(faults)
        told = _told(experiment)
        now = clock.now()
        DunningExperiment.objects.create(
            entity_id=entity_id, code=experiment.code, why=why.strip(), started_on=clock.today(), changed_at=now,
            changed_by=actor.user, **told,
        )  # fmt: skip
        audit.append(
            now, actor.name, "start_experiment", entity_id=entity_id, subject=experiment.code, after=told,
            why=why.strip(),
        )  # fmt: skip
    return True


def end_experiment(actor: Actor, entity_id: str, code: str, why: str) -> bool:
    """Ends a hold-out: who was held out is chased from the next plan on. False where it has ended already.

    Raises NotAllowedError, or CallError for one that never was.
    """
    require_whole(actor, entity_id, ACT)
    require(actor, ACT, entity_id)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        row = DunningExperiment.objects.filter(entity_id=entity_id, code=code).first()
        if row is None:
            raise CallError([f"there is no hold-out called {code}"])
        if row.ended_on is not None:
            return False
        now = clock.now()
        DunningExperiment.objects.filter(pk=row.pk).update(
            ended_on=clock.today(), changed_at=now, changed_by=actor.user
        )
        audit.append(now, actor.name, "end_experiment", entity_id=entity_id, subject=code, why=why.strip())
    return True


def held_out(entity_id: str, day: date, actions: pl.DataFrame, known: Book, profiles: Mapping[str, str]) -> set[str]:
    """The action_ids of a day's plan that a running hold-out keeps back; who enters today is written down first.

    Call it in the transaction that keeps the plan. `actions`: core's ACTIONS; `known`: the Book as known on the day.
    Asked again on the same day it says the same.
    """
    back: set[str] = set()
    importance = known.customers.select("customer_id", "importance")
    for row in DunningExperiment.objects.filter(entity_id=entity_id, ended_on__isnull=True).order_by("code"):
        taking = entering(_as_core(row), actions, importance, deadlines(known), day)
        since = day - timedelta(days=row.days + _AGAIN_DAYS)
        last = dict(
            ExperimentUnit.objects.filter(experiment=row, entered_on__gt=since)
            .order_by("entered_on")
            .values_list("customer_id", "entered_on")
        )
        fresh = taking.filter(~pl.col("customer_id").is_in(list(last)))
        _enter(row, day, fresh, profiles)
        last |= dict.fromkeys(fresh["customer_id"].to_list(), day)
        inside = [one for one, entered in last.items() if day < entered + timedelta(days=row.days)]
        waits = taking.filter((pl.col("arm") == HELD_OUT) & pl.col("customer_id").is_in(inside))
        back |= set(waits["action_id"].to_list())
    return back


def show_experiments(actor: Actor, entity_id: str, day: date | None = None, scenario: str = "") -> list[Shown]:
    """The entity's hold-outs (of one scenario), running ones first, each with what it has shown by now.

    Raises NotAllowedError.
    """
    require_visible(actor, entity_id)
    found = DunningExperiment.objects.filter(entity_id=entity_id, **({"scenario": scenario} if scenario else {}))
    rows = list(found.order_by("ended_on", "-started_on", "code"))
    if not rows:
        return []
    today = day or clock.today()
    book = parquet.read_book([entity_id])
    rows.sort(key=lambda row: row.ended_on is not None)
    return [
        Shown(
            row.code, row.scenario, row.step, row.share, row.days, row.amount_max, row.started_on, row.ended_on,
            row.why, effect(units_of_experiment(row, book, today), today, row.days),
        )
        for row in rows
    ]  # fmt: skip


def _as_core(row: DunningExperiment) -> Experiment:
    return Experiment(row.code, row.scenario, row.share, row.amount_max, row.step or None, row.days, row.deadline_days)


def _told(experiment: Experiment) -> dict[str, str | int | float]:
    return {
        "scenario": experiment.scenario, "step": experiment.step or "", "share": experiment.share,
        "days": experiment.days, "amount_max": experiment.amount_max, "deadline_days": experiment.deadline_days,
    }  # fmt: skip


def _enter(row: DunningExperiment, day: date, taking: pl.DataFrame, profiles: Mapping[str, str]) -> None:
    """One unit a customer: that of its largest action, where two currencies or creditors make two."""
    largest = taking.sort("amount", "action_id", descending=[True, False]).unique(
        "customer_id", keep="first", maintain_order=True
    )
    ExperimentUnit.objects.bulk_create(
        [
            ExperimentUnit(
                experiment=row, customer_id=one["customer_id"], arm=one["arm"], entered_on=day, step=one["step"],
                level=str(one["level"]), channel=one["channel"], profile=profiles.get(one["customer_id"], "new"),
                currency=one["currency"], amount=one["amount"], items=one["items"],
            )
            for one in largest.iter_rows(named=True)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
