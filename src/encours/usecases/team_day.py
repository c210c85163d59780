"""The team's day: whose customers are whose, what people put first, how many minutes each of them has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.worklist import Team
from encours.store.models import DunningMark
from encours.usecases.dunning_rules import minutes_of

_CUSTOMER = {"customer_id": pl.String, "collector": pl.String}


@dataclass(frozen=True, eq=False)
class TeamDay:
    """What the day's list is made with: see core.dunning.worklist. `portfolios`: customer_id, collector."""

    portfolios: pl.DataFrame
    pins: pl.DataFrame
    team: Team


def team_day(entity_id: str, day: date, actions: pl.DataFrame, book: Book) -> TeamDay:
    """The team's day of the planned actions (plan.ACTIONS); `book` with all its versions.

    A customer that was given to a colleague is in that colleague's list, every other one in its collector's. What was
    put first earlier stands higher.
    """
    marks = list(DunningMark.objects.filter(entity_id=entity_id).order_by("pinned_until", "customer_id"))
    given = {mark.customer_id: list_of(mark.assigned_to_id, None) for mark in marks if mark.assigned_to_id}
    own = book.as_of(day).customers.select("customer_id", "collector").filter(pl.col("collector").fill_null("") != "")
    own = own.filter(~pl.col("customer_id").is_in(list(given)))
    theirs = pl.DataFrame(list(given.items()), schema=_CUSTOMER, orient="row")
    first = [mark.customer_id for mark in marks if mark.pinned_until and mark.pinned_until >= day]
    places = pl.DataFrame(
        {"customer_id": first, "pin": range(1, len(first) + 1)}, schema_overrides={"customer_id": pl.String}
    )
    pins = (
        actions.select("action_id", "customer_id")
        .join(places, on="customer_id")
        .select("action_id", pl.col("pin").cast(pl.Int64))
    )
    return TeamDay(pl.concat([own, theirs]), pins, Team(others=minutes_of([entity_id], day)))


def list_of(assigned_to: int | None, collector: str | None) -> str:
    """The list that a customer is in: that of the colleague it was given to, else its collector's, else nobody's."""
    return f"#{assigned_to}" if assigned_to else collector or ""
