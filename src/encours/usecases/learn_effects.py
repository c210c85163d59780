"""Learns by night what chasing does to an entity's customers: from its touches, and from its random hold-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction

from encours import __version__
from encours.core.base.issue import CallError
from encours.core.dunning.effects import Effects, prior_effects, read_effects, updated
from encours.core.dunning.experiment import hold_out_evidence
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.touched import evidence
from encours.store import bulk, parquet
from encours.store.models import DunningEffects, PayerProfile, ScenarioVersion
from encours.usecases import clock
from encours.usecases.expected_files import stamp_of
from encours.usecases.experiment_units import units_of
from encours.usecases.manage_scenarios import scenarios_of
from encours.usecases.rights import Actor, require
from encours.usecases.weigh_plan import levels_of

ACT = "plan_dunning"


@dataclass(frozen=True)
class LearntEffects:
    """What one night made of an entity's effects: messages that told something, hold-outs, the sentence; `same`:
    nothing had to be done."""

    entity_id: str
    messages: int
    held_out: int
    says: str
    same: bool = False


def learn_effects(
    actor: Actor, entity_ids: Sequence[str] | None = None, day: date | None = None
) -> list[LearntEffects]:
    """Brings the effects of entities up to `day` (today), one transaction an entity. Done again it does nothing.

    Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require(actor, ACT, entity_id)
    return [_learn(entity_id, day or clock.today()) for entity_id in wanted]


def effects_of(entity_id: str) -> Effects:
    """What is believed of the entity's customers: kept by the last night, else the priors."""
    kept = DunningEffects.objects.filter(entity_id=entity_id).values_list("data", flat=True).first()
    if kept is None:
        return prior_effects()
    try:
        return read_effects(kept)
    except CallError:  # kept by another version: the next night learns them anew
        return prior_effects()


def own_levels(entity_id: str) -> dict[str, int]:
    """The firmness of each step's code: of the entity's scenarios as they stand; of a step that is gone, as it last
    stood in one of their versions; else as the ready-made ones say."""
    levels = levels_of(ready_scenarios())
    for data in ScenarioVersion.objects.filter(scenario__entity_id=entity_id).order_by("pk").values_list("data"):
        try:
            levels |= levels_of(read_scenarios(data[0]))
        except CallError:  # a version of another release
            continue
    return levels | levels_of(scenarios_of(entity_id))


def _learn(entity_id: str, day: date) -> LearntEffects:
    stamp = stamp_of(entity_id)
    same = DunningEffects.objects.filter(entity_id=entity_id, as_of=day, stamp=stamp, engine=__version__).first()
    if same is not None:
        return LearntEffects(entity_id, same.touches, same.held_out, same.says, same=True)
    book = parquet.read_book([entity_id])
    rows = PayerProfile.objects.filter(entity_id=entity_id).values_list("customer_id", "profile")
    profiles = pl.DataFrame(list(rows), schema={"customer_id": pl.String, "profile": pl.String}, orient="row")
    seen = evidence(book.as_of(day), day, profiles, own_levels(entity_id))
    held = pl.concat([seen, *(hold_out_evidence(units, day, days) for units, days in units_of(entity_id, book, day))])
    found = updated(held)
    with transaction.atomic():
        bulk.lock(f"effects:{entity_id}")
        DunningEffects.objects.update_or_create(
            entity_id=entity_id,
            defaults={
                "as_of": day, "stamp": stamp, "engine": __version__, "touches": round(found.messages),
                "held_out": round(found.held_out), "says": found.says(), "data": found.as_data(),
                "made_at": clock.now(),
            },
        )  # fmt: skip
    return LearntEffects(entity_id, round(found.messages), round(found.held_out), found.says())
