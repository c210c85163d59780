"""Payers on a day: profile, figures, alerts, and whom to leave alone; the whole room in one call."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour.alert import Seen, alerted
from encours.core.behaviour.alerts import alerts
from encours.core.behaviour.figures import USUAL_RATE, late_costs, payer_figures
from encours.core.behaviour.flags import doubted, flags
from encours.core.behaviour.predict import Predictions
from encours.core.behaviour.profile import profiled
from encours.core.behaviour.shifts.probably_paid import SHIFT as PROBABLY_PAID
from encours.core.behaviour.study import Study


@dataclass(frozen=True)
class Payers:
    """`profiles`: figures with `profile` and `why`; `flags`: FLAG_SCHEMA; `alerts`: ALERT_SCHEMA; `costs`: what each
    account's late payment costs a year (`figures.late_costs`) at `yearly_rate`."""

    profiles: pl.DataFrame
    flags: pl.DataFrame
    alerts: pl.DataFrame
    costs: pl.DataFrame
    yearly_rate: float


def know_payers(
    book: Book,
    of: Study,
    found: Predictions,
    deadlines: pl.DataFrame | None = None,
    yearly_rate: float = USUAL_RATE,
) -> Payers:
    """What is known of every payer on the studied day. `deadlines`: item_id, deadline_on; see `flags.flags`.

    `yearly_rate`: what money costs a year (0.05 is 5 %), for the cost of late payment.
    """
    arrived = found.items.filter(pl.col("shift") == PROBABLY_PAID.name)["item_id"]
    profiles = profiled(payer_figures(book, of.history, of.as_of, yearly_rate, arrived), of.as_of)
    flagged = flags(found, profiles, deadlines)
    seen = Seen(of.as_of, book.as_of(of.as_of), of.history, profiles, flagged, arrived)
    found_alerts = alerted(seen, alerts())
    costs = late_costs(of.history, of.as_of, yearly_rate)
    return Payers(profiles, doubted(flagged, found_alerts["payer_id"]), found_alerts, costs, yearly_rate)
