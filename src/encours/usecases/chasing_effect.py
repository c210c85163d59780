"""What chasing is believed to have brought in a period, and what experiments measured: days and money, each with its
95 % interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.money import exponent
from encours.core.dunning.brought import DONE, Brought, brought, together
from encours.store.models import DunningEffects, DunningScenario, Entity, PayerProfile, PlannedAction
from encours.usecases.learn_effects import effects_of
from encours.usecases.manage_scenarios import read_stored
from encours.usecases.run_experiment import Shown, show_experiments
from encours.usecases.viewing import Viewing

_COLUMNS = ("entity_id", "customer_id", "channel", "level", "euro_days", "amount")


@dataclass(frozen=True)
class Span:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """What a random hold-out has shown of `chased` customers beside `held_out`: how many days earlier they paid, and
    how much more (minor units) within `within` days; null where it is too little to say. `names`: its scenario's."""

    names: Mapping[str, str]
    started_on: date
    ended_on: date | None
    currency: str
    chased: int
    held_out: int
    within: int
    days: Span | None
    money: Span | None
    says: str


@dataclass(frozen=True)
class ChasingEffect:
    """The effect of the period. `amount`: minor units that the `actions` done asked for, paid `days` earlier; `money`:
    minor units more in the bank on an average day of the period; null where nothing was done. `by_person`: days, by
    collector. `says`: how much of it is prior and how much own evidence."""

    actions: int
    amount: int
    days: Span | None
    money: Span | None
    by_person: Mapping[str, float]
    says: list[str]
    measured: list[Measured]


def chasing_effect(
    viewing: Viewing, owner: Mapping[str, str], from_on: date, days: int, currency: str
) -> ChasingEffect:
    """The effect of what was done from `from_on` on, over `days` days, in one currency, of the customers that are seen;
    `owner`: the collector of each. What experiments show is of whole entities: not through a portfolio."""
    rows: list[tuple[str, str, str, int, float, int]] = list(
        viewing.rows(PlannedAction).filter(
            state=PlannedAction.State.DONE, day__gte=from_on, day__lte=viewing.today, currency=currency,
            days_earlier__isnull=False, amount__gt=0,
        ).values_list(*_COLUMNS)
    )  # fmt: skip
    found = _believed(rows)
    amount = sum(row[5] for row in rows)
    whole = 10 ** exponent(currency)
    said = DunningEffects.objects.filter(entity_id__in={row[0] for row in rows}).order_by("entity_id")
    return ChasingEffect(
        len(rows), amount,
        _span(found, whole / amount) if rows else None,
        _span(found, whole / days) if rows else None,
        _by_person(rows, owner, whole), list(dict.fromkeys(said.values_list("says", flat=True))), _measured(viewing),
    )  # fmt: skip


def _span(found: Brought, by: float) -> Span:
    return Span(found.euro_days * by, found.low * by, found.high * by)


def _believed(rows: list[tuple[str, str, str, int, float, int]]) -> Brought:
    """Entities are learnt apart."""
    profiles = dict(
        PayerProfile.objects.filter(customer_id__in={row[1] for row in rows}).values_list("customer_id", "profile")
    )
    done: defaultdict[str, list[tuple[str, int, str, float]]] = defaultdict(list)
    for entity_id, customer_id, channel, level, euro_days, _ in rows:
        done[entity_id].append((channel, level, profiles.get(customer_id, "new"), euro_days))
    return together([
        brought(pl.DataFrame(part, schema=DONE, orient="row"), effects_of(entity_id))
        for entity_id, part in sorted(done.items())
    ])  # fmt: skip


def _by_person(
    rows: list[tuple[str, str, str, int, float, int]], owner: Mapping[str, str], whole: int
) -> dict[str, float]:
    weighed: defaultdict[str, float] = defaultdict(float)
    amounts: defaultdict[str, int] = defaultdict(int)
    for _, customer_id, _, _, euro_days, amount in rows:
        weighed[owner.get(customer_id, "")] += euro_days * whole
        amounts[owner.get(customer_id, "")] += amount
    return {name: weighed[name] / amounts[name] for name in weighed}


def _measured(viewing: Viewing) -> list[Measured]:
    found = []
    for entity_id in (one for one in viewing.entity_ids if one not in viewing.actor.portfolios):
        shown = show_experiments(viewing.actor, entity_id, viewing.today)
        if not shown:
            continue
        currency = Entity.objects.values_list("currency", flat=True).get(pk=entity_id)
        names = {row.code: read_stored(row).names for row in DunningScenario.objects.filter(entity_id=entity_id)}
        found += [_shown(one, names.get(one.scenario, {}), currency) for one in shown]
    return found


def _shown(one: Shown, names: Mapping[str, str], currency: str) -> Measured:
    has, whole = one.effect, 10 ** exponent(currency)
    return Measured(
        names, one.started_on, one.ended_on, currency, has.chased, has.held_out, has.days,
        _told(has.earlier_days, has.earlier_low, has.earlier_high, 1),
        _told(has.euros, has.euros_low, has.euros_high, whole), has.says,
    )  # fmt: skip


def _told(value: float | None, low: float | None, high: float | None, by: int) -> Span | None:
    return None if value is None or low is None or high is None else Span(value * by, low * by, high * by)
