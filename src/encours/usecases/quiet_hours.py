"""When a message may leave: the window of its step, on days that are worked where the entity and the customer are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import F, Q

from encours.core.base.days import Calendar, bank_calendar
from encours.core.dunning.quiet import leaves_at
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Window
from encours.store.models import Customer, DunningScenario, Entity, Message, PlannedAction
from encours.usecases import clock
from encours.usecases.manage_settings import setting

_SUNDAY = 7


@dataclass(frozen=True)
class Later:
    """A message that may not leave yet: when it may, and why not before, as a sentence."""

    until: datetime
    why: str


_HOURS = "the hours of its step are over: it leaves when they begin again"
_HOLIDAY = "a public holiday of the customer's country: it leaves on the next working day"


def leaves_after(action: PlannedAction, at: datetime) -> datetime:
    """The first moment (UTC) from `at` on at which the action's message may leave by itself."""
    country, away = _country(action.entity_id), _countries([action.customer_id]).get(action.customer_id)
    window = _window(action.entity_id, action.scenario, action.step)
    return leaves_at(at.astimezone(clock.ZONE), window, _worked(country, away)).astimezone(UTC)


def not_before(messages: Sequence[Message], at: datetime) -> dict[Any, Later]:
    """Message -> when it may leave, of those that may not at `at`: outside the hours that its step names, or on a
    public holiday where the customer is.

    Whoever approved it: the hours and the holidays are the customer's. A step without hours leaves by those of the
    mailbox; whoever writes on Sundays writes on holidays, too.
    """
    found = dict[Any, Later]()
    windows, countries = dict[tuple[str, str, str], Window | None](), dict[str, str | None]()
    theirs = _countries([row.customer_id for row in messages if row.customer_id and row.purpose == "dunning"])
    here = at.astimezone(clock.ZONE)
    for row in messages:
        key = row.entity_id, row.scenario, row.step
        if row.scenario and key not in windows:
            windows[key] = _window(*key)
        if row.entity_id not in countries:
            countries[row.entity_id] = _country(row.entity_id)
        window, away = windows.get(key), theirs.get(row.customer_id or "")
        closed = _is_closed(row.entity_id, here.date(), away)
        if window is None and not closed:
            continue
        begins = leaves_at(here, window, _worked(countries[row.entity_id], away if closed else None)).astimezone(UTC)
        if begins > at:
            found[row.pk] = Later(begins, _HOLIDAY if closed else _HOURS)
    return found


def _is_closed(entity_id: str, day: date, country: str | None) -> bool:
    """Whether a day is a public holiday where the customer is, for an entity that keeps holidays."""
    if country is None or day not in bank_calendar(country).closed:
        return False
    return _SUNDAY not in setting("mail.window", entity_id, day)["weekdays"]


def _worked(country: str | None, away: str | None) -> Calendar:
    """Days that are worked where the entity is and, with a country, where the customer is."""
    own = bank_calendar(country)
    return own if away is None else Calendar(f"{own.name} {away}", own.closed | bank_calendar(away).closed)


def _country(entity_id: str) -> str | None:
    return Entity.objects.filter(entity_id=entity_id).values_list("country", flat=True).first()


def _countries(customer_ids: Sequence[str]) -> dict[str, str]:
    """Customer -> its country, where it is known."""
    rows = Customer.objects.filter(customer_id__in=set(customer_ids), is_current=True, country__isnull=False)
    return {customer_id: country for customer_id, country in rows.values_list("customer_id", "country") if country}


def _window(entity_id: str, scenario: str, step: str) -> Window | None:
    """The hours of a step: of the entity's own scenario, else of that for all."""
    rows = DunningScenario.objects.filter(Q(entity_id=entity_id) | Q(entity=None), code=scenario)
    found = list(rows.order_by(F("entity_id").asc(nulls_last=True)).values_list("data", flat=True)[:1])
    steps = read_scenarios(found[0]).scenarios[0].steps if found else ()
    return next((one.window for one in steps if one.code == step), None)
