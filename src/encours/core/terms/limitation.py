"""Limitation (prescription): the last day on which a claim can be sued for, and what interrupts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.core.base.days import add_months

Buyer = Literal["business", "consumer", "public"]
Event = Literal["acknowledgement", "partial_payment", "court_action", "insolvency_filing", "reminder", "formal_notice"]

#: What starts the period anew (C. civ. 2240, 2241; C. com. L622-25-1). A reminder or a registered letter does not.
INTERRUPTS: tuple[Event, ...] = ("acknowledgement", "partial_payment", "court_action", "insolvency_filing")
ALERT_MONTHS = (6, 3, 1)


@dataclass(frozen=True)
class Period:
    """A limitation period: its length and the text that sets it."""

    years: int
    sentence: str
    source: str


BUSINESS = Period(5, "Claims between merchants lapse after five years.", "C. com. L110-4")
CONSUMER = Period(2, "A professional's claim on a consumer lapses after two years.", "C. conso. L218-2")
TRANSPORT = Period(1, "Claims under a contract of carriage lapse after one year.", "C. com. L133-6")
#: Public bodies are freed four years after the 1 January that follows.
PUBLIC = Period(4, "Claims on the State and local bodies lapse four years after the year they arose.", "Loi 68-1250")


@dataclass(frozen=True)
class Limitation:
    """`last_on`: the last day to act. `since`: where the period last began. `cause`: due date or what interrupted."""

    last_on: date
    since: date
    cause: str
    period: Period

    def expired(self, as_of: date) -> bool:
        """Whether the claim has lapsed at the end of the day; a lapsed claim on a consumer must not be chased."""
        return as_of > self.last_on

    def alerts(self) -> list[date]:
        """The days six, three and one month before the last day."""
        return [add_months(self.last_on, -months) for months in ALERT_MONTHS]


def period_for(buyer: Buyer, transport: bool = False) -> Period:
    """The period of a buyer's kind; carriage is shorter whoever the buyer is, save a public body."""
    if buyer == "public":
        return PUBLIC
    if transport:
        return TRANSPORT
    return CONSUMER if buyer == "consumer" else BUSINESS


def limitation(
    due_on: date, buyer: Buyer, events: Iterable[tuple[date, Event]] = (), *, transport: bool = False
) -> Limitation:
    """The limitation of a claim due on `due_on`, with the events of its life in any order.

    An event interrupts only while the period still runs: what comes after the last day changes nothing.
    """
    period = period_for(buyer, transport)
    since, cause = due_on, "due"
    last_on = _end(since, period)
    for day, event in sorted(events):
        if event in INTERRUPTS and since <= day <= last_on:
            since, cause = day, event
            last_on = _end(since, period)
    return Limitation(last_on, since, cause, period)


def _end(since: date, period: Period) -> date:
    if period is PUBLIC:
        return date(since.year + period.years, 12, 31)
    return add_months(since, 12 * period.years)
