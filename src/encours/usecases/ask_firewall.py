"""The firewall asked again just before mail leaves: what it holds now of an entity's items, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.days import bank_calendar
from encours.core.dunning.facts import facts
from encours.core.dunning.holds import held_items
from encours.core.dunning.known import PREDICTIONS
from encours.store import parquet
from encours.store.models import Entity, ItemPrediction
from encours.usecases.dunning_known import known_of
from encours.usecases.dunning_rules import rules_of
from encours.usecases.manage_scenarios import scenarios_of

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class NowHeld:
    """What of an item may not be asked for now: minor units held of what is open, and the gate's sentence."""

    open: int
    held: int
    sentence: str


def held_now(entity_id: str, day: date) -> dict[str, NowHeld]:
    """Every item of the entity that a gate holds, whole or in part, by the facts of this moment.

    Predictions are those of the last night: whoever paid or wrote since is known by the facts themselves.
    """
    book = parquet.read_book([entity_id])
    columns = list(PREDICTIONS)
    rows = list(ItemPrediction.objects.filter(entity_id=entity_id).values_list(*columns))
    predicted = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    of = facts(book, day, known_of(entity_id, day, book, predicted), scenarios_of(entity_id, planned=True))
    # A message is held back by the largest part that any gate holds, and says why in that gate's words.
    found = held_items(of).sort("item_id", "amount", "rank", descending=[False, True, False])
    largest = found.unique("item_id", keep="first", maintain_order=True)
    return {
        item_id: NowHeld(open_now, held, sentence)
        for item_id, open_now, held, sentence in largest.select("item_id", "open", "amount", "sentence").iter_rows()
    }


def is_quiet(entity_id: str, day: date) -> bool:
    """Whether the entity writes to nobody on this day: its quiet days, and the public holidays of its country."""
    rules = rules_of(entity_id, day)
    named = {name.lower() for name in rules.quiet_days}
    if {day.isoformat(), _WEEK[day.weekday()]} & named:
        return True
    country = rules.country or Entity.objects.values_list("country", flat=True).get(pk=entity_id)
    return day in bank_calendar(country).closed
