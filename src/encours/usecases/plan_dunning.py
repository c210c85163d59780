"""The plan of the day: whom each entity asks for money, how and why, and whom it leaves alone; kept, then queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction

from encours.core.dunning.plan import Plan, plan
from encours.store import parquet
from encours.store.models import Run
from encours.usecases import clock
from encours.usecases.dunning_known import known_of
from encours.usecases.dunning_rules import chasing_day
from encours.usecases.dunning_worth import with_worth
from encours.usecases.expected_files import stamp_of
from encours.usecases.keep_plan import keep_plan
from encours.usecases.manage_scenarios import followed
from encours.usecases.predict_items import predictions_of
from encours.usecases.propose_holds import propose_holds
from encours.usecases.queue_actions import queue_actions
from encours.usecases.rights import Actor, require
from encours.usecases.run_experiment import held_out
from encours.usecases.tell_sales import tell_sales

ACT = "plan_dunning"
RUN = "plan_dunning"


@dataclass(frozen=True)
class Planned:
    """What a plan of an entity came to: customers asked, items held back, messages queued at once."""

    entity_id: str
    actions: int
    held: int
    queued: int
    faults: tuple[str, ...] = ()


def plan_dunning(actor: Actor, entity_ids: Sequence[str] | None = None, *, day: date | None = None) -> list[Planned]:
    """Plans each entity's day in the place of an earlier plan of it, then queues what leaves by itself.

    Where `day` (default today) is no working day, the plan is that of the next one.

    What was queued, sent, done or skipped stays as it is. Done again it changes nothing; killed, an entity's plan is
    there whole or not at all, and what was not queued yet is queued by the next run. Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require(actor, ACT, entity_id)
    return [_plan(actor, entity_id, day or clock.today()) for entity_id in wanted]


def _plan(actor: Actor, entity_id: str, day: date) -> Planned:
    scenarios = followed(entity_id)
    stamp = stamp_of(entity_id)  # before the book is read: what comes in between is then seen as a change
    predicted, spread, book = predictions_of(entity_id, day)
    day = chasing_day(entity_id, day)
    known = known_of(entity_id, day, book, predicted)
    made = plan(book, day, scenarios, known)
    actions = with_worth(entity_id, made, known, spread, book)
    profiles = dict(known.profiles.select("customer_id", "profile").drop_nulls().iter_rows())
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        run = Run.objects.create(
            name=RUN, entity_id=entity_id, day=day, state="done", started_at=clock.now(), finished_at=clock.now(),
            summary={"actions": made.actions.height, "held": made.held.height, "by": actor.name},
        )  # fmt: skip
        Run.objects.filter(name=RUN, entity_id=entity_id, day=day).exclude(pk=run.pk).delete()
        withheld = held_out(entity_id, day, made.actions, book.as_of(day), profiles)
        keep_plan(entity_id, day, made, actions, run=run, stamp=stamp, stale=_stale(made), withheld=withheld)
        tell_sales(actor, entity_id, made.internal, day)
    propose_holds(actor, entity_id, day)
    queued, faults = queue_actions(actor, entity_id, day)
    return Planned(entity_id, made.actions.height, made.held.height, queued, tuple(faults))


def _stale(made: Plan) -> list[list[str]]:
    """[gate, sentence] of sources whose data is too old to ask anybody on it."""
    rows = made.held.filter(pl.col("reason").is_in(["bank_stale", "ledger_stale"]))
    return [list(row) for row in rows.select("reason", "sentence").unique(maintain_order=True).iter_rows()]
