"""What each action of a plan is worth, said in its priority and reasons; the plan then stands in the order of work."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.effects import Effects, updated
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan
from encours.core.dunning.scenario import Scenarios
from encours.core.dunning.telling import told
from encours.core.dunning.touched import evidence
from encours.core.dunning.worklist import Team, together, worklist
from encours.core.dunning.worth import Beside, Objective, contacts, worth


@dataclass(frozen=True, eq=False)
class Weighed:
    """A plan whose actions bear `priority` and `reasons`, best work of the whole team first; their worth (worth.WORTH)
    and the day's list (worklist.WORKLIST), all in that order."""

    plan: Plan
    worth: pl.DataFrame
    worklist: pl.DataFrame


def weigh_plan(
    made: Plan,
    book: Book,
    known: Known,
    spread: pl.DataFrame,
    effects: Effects,
    objective: Objective | None = None,
    portfolios: pl.DataFrame | None = None,
    pins: pl.DataFrame | None = None,
    team: Team | None = None,
) -> Weighed:
    """The plan weighed by the distributions of payment days (`spread`) and by what is believed of actions.

    `book`: with all its versions, for past contacts and rates. `portfolios`, `pins`, `team`: see worklist.worklist.
    Raises CallError for an objective that is none.
    """
    read = book.as_of(made.as_of)
    beside = Beside(spread, known.profiles, contacts(read.touches, made.as_of), read.rates)
    found = worth(made.actions, made.lines, effects, made.as_of, beside, objective)
    listed = together(worklist(made.actions, found, portfolios, pins, team))
    order = listed.select("action_id")
    actions = order.join(
        told(made.actions, found, known.profiles, effects.payers), on="action_id", how="left", maintain_order="left"
    ).select(made.actions.columns)
    found = order.join(found, on="action_id", how="left", maintain_order="left")
    return Weighed(dataclasses.replace(made, actions=actions), found, listed)


def effects_of_book(book: Book, day: date, profiles: pl.DataFrame, scenarios: Scenarios) -> Effects:
    """The effects that a Book with all its versions teaches as known at the end of `day`."""
    return updated(evidence(book.as_of(day), day, profiles, levels_of(scenarios)))


def levels_of(scenarios: Scenarios) -> dict[str, int]:
    """The level of each step's code; a code of several scenarios has the hardest."""
    levels: dict[str, int] = {}
    for scenario in scenarios.scenarios:
        for step in scenario.steps:
            levels[step.code] = max(step.level, levels.get(step.code, 0))
    return levels
