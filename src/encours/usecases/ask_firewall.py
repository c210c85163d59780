"""The firewall asked again just before mail leaves: what it holds now of items, and which messages, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from encours.core.base.days import bank_calendar
from encours.core.dunning.facts import Facts, facts
from encours.core.dunning.gates import gates
from encours.core.dunning.holds import held_actions, held_items
from encours.core.dunning.known import PREDICTIONS
from encours.store import parquet
from encours.store.models import Entity, ItemPrediction, Message
from encours.usecases.dunning_known import known_of
from encours.usecases.dunning_rules import rules_of
from encours.usecases.manage_scenarios import scenarios_of

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: What the gates read of a message that is about to leave, in the names of the planner's actions.
_ACTIONS: dict[str, pl.DataType] = {
    "action_id": pl.String(), "entity_id": pl.String(), "customer_id": pl.String(), "channel": pl.String(),
    "currency": pl.String(), "level": pl.Int64(), "amount": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True)
class NowHeld:
    """What of an item may not be asked for now: minor units held of what is open, and the gate's sentence."""

    open: int
    held: int
    sentence: str


@dataclass(frozen=True)
class Firewall:
    """What is held at a moment: parts of items, and messages as a whole (by key, with the gate's sentence).

    `asked`: the messages that it was asked about. `payers`: customer -> who pays for it, where that is somebody else.
    """

    items: Mapping[str, NowHeld] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    payers: Mapping[str, str] = field(default_factory=dict)


def firewall_now(entity_id: str, day: date, messages: Iterable[Message] = ()) -> Firewall:
    """What the gates hold by the facts of this moment, of the entity's items and of these messages.

    Predictions are those of the last night: whoever paid or wrote since is known by the facts themselves. Gates whose
    messages only wait for another day (`Gate.waits`) are not asked here: the queue keeps its own hours.
    """
    book = parquet.read_book([entity_id])
    columns = list(PREDICTIONS)
    rows = list(ItemPrediction.objects.filter(entity_id=entity_id).values_list(*columns))
    predicted = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    of = facts(book, day, known_of(entity_id, day, book, predicted), scenarios_of(entity_id, planned=True))
    asking = {str(one.pk): one for one in messages}
    paying = of.payers.filter(pl.col("payer_id") != pl.col("customer_id"))
    return Firewall(
        _items(of), _messages(of, asking), frozenset(asking),
        dict(paying.select("customer_id", "payer_id").iter_rows()),
    )  # fmt: skip


def _items(of: Facts) -> dict[str, NowHeld]:
    # A message is held back by the largest part that any gate holds, and says why in that gate's words.
    found = held_items(of).sort("item_id", "amount", "rank", descending=[False, True, False])
    largest = found.unique("item_id", keep="first", maintain_order=True)
    return {
        item_id: NowHeld(open_now, held, sentence)
        for item_id, open_now, held, sentence in largest.select("item_id", "open", "amount", "sentence").iter_rows()
    }


def _messages(of: Facts, messages: Mapping[str, Message]) -> dict[str, str]:
    rows = [
        (key, one.entity_id, one.customer_id, one.channel, one.currency, one.level or 0, one.amount)
        for key, one in messages.items()
    ]
    actions = pl.DataFrame(rows, schema=_ACTIONS, orient="row")
    paying = of.payers.select("customer_id", "payer_id").unique("customer_id")
    actions = actions.join(paying, on="customer_id", how="left", maintain_order="left")
    # The planner writes to who pays; a message to another account of the group counts among its payer's contacts.
    actions = actions.with_columns(customer_id=pl.coalesce("payer_id", "customer_id")).drop("payer_id")
    found = held_actions(of, actions, tuple(gate for gate in gates() if not gate.waits))
    first = found.sort("action_id", "rank").unique("action_id", keep="first", maintain_order=True)
    return dict(first.select("action_id", "sentence").iter_rows())


def is_quiet(entity_id: str, day: date, *, holidays: bool = True) -> bool:
    """Whether the entity writes to nobody on this day: its quiet days, and the public holidays of its country."""
    rules = rules_of(entity_id, day)
    named = {name.lower() for name in rules.quiet_days}
    if {day.isoformat(), _WEEK[day.weekday()]} & named:
        return True
    if not holidays:
        return False
    country = rules.country or Entity.objects.values_list("country", flat=True).get(pk=entity_id)
    return day in bank_calendar(country).closed
