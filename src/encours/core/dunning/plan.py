"""The plan of a day: who is asked for what, at which step, and what is not asked for, with the reason of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import ISSUE_SCHEMA
from encours.core.dunning.assemble import assemble
from encours.core.dunning.facts import Facts, facts
from encours.core.dunning.known import Known
from encours.core.dunning.scenario import Scenarios


@dataclass(frozen=True, eq=False)
class Plan:
    """The day's plan. Every open overdue item is in one of `lines` or `held`, never in both, to the cent."""

    as_of: date
    actions: pl.DataFrame
    lines: pl.DataFrame
    held: pl.DataFrame
    parts: pl.DataFrame
    tasks: pl.DataFrame
    internal: pl.DataFrame
    issues: pl.DataFrame


def plan(book: Book, as_of: date, scenarios: Scenarios, known: Known | None = None) -> Plan:
    """The plan of `as_of`, of a Book with all its versions, as known at the end of that day.

    The same facts give the same plan, in whatever order their rows stand. Raises PlanError where an item would be
    both asked for and held, or neither.
    """
    return plan_facts(facts(book, as_of, known or Known(), scenarios))


def plan_facts(of: Facts) -> Plan:
    """The same of facts gathered already."""
    made = assemble(of)
    return Plan(of.as_of, issues=pl.DataFrame(schema=ISSUE_SCHEMA), **made)
