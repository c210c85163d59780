"""Replay dunning over the past of a book: who would have received what and when, what was held, and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.dunning.known import Known
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.replay import COLLISION_DAYS, SEEN_DAYS, Replay, replay, window
from encours.core.dunning.scenario import Scenarios
from encours.usecases.know_for_plan import know_for_plan
from encours.usecases.plan_folder import read_file

#: The days that are replayed where no window is given: three months.
_DAYS = 91
DEFINITIONS = {
    "messages": "what would have left, tasks included; each counts as done on its day, so that the next step follows",
    "who had paid": "all that the message asks for had reached the bank two working days before or earlier",
    "partly paid": "some of what the message asks for had, not all of it",
    "collision": "another message of the same payer, planned apart, on the same day or the day before",
    "held": "late money that a gate kept from being asked for, on an average day; the undisputed part stays chased",
    "waiting": "late money whose next step was not reached, whose pause was not over, or whose ladder had ended",
    "days held": "working days from the first to the last on which one reason held one item; half are held longer",
    "minutes": "the minutes of people that the steps themselves state",
    "cost": "outside costs: postage and calls; nothing for an e-mail",
    "payments": "are those that really came; what other letters would have changed of them nobody knows",
}


@dataclass(frozen=True, eq=False)
class DunningTested:
    """A replay: its window, the scenarios, what came of it, the folder's issues."""

    start: date
    end: date
    scenarios: Scenarios
    book: Book
    result: Replay
    issues: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`actions`, `lines`, `held`, `daily`: see `core.dunning.replay.Replay`; and `steps`, `gates`, `wrong`."""
        result = self.result
        return {
            "actions": result.actions, "lines": result.lines, "held": result.held, "daily": result.daily,
            "steps": self.steps, "gates": self.gates, "wrong": self.wrong,
        }  # fmt: skip

    @cached_property
    def steps(self) -> pl.DataFrame:
        """A row a scenario, step and currency: messages, customers, amount asked for, who had paid, minutes, cost."""
        groups = ("scenario", "level", "step", "channel", "mode", "currency")
        return (
            self.result.actions.group_by(groups)
            .agg(
                messages=pl.len(),
                customers=pl.col("customer_id").n_unique(),
                amount=pl.col("amount").sum(),
                paid=pl.col("paid").sum(),
                part_paid=((pl.col("late_paid") > 0) & ~pl.col("paid")).sum(),
                collisions=pl.col("collides").sum(),
                minutes=pl.col("minutes").sum(),
                cost=pl.col("cost").sum(),
            )
            .sort(groups)
        )

    @cached_property
    def gates(self) -> pl.DataFrame:
        """A row a gate, task and currency: items, stretches of days, median and longest, money on an average day."""
        spells = self.result.held
        days = max(1, self.result.daily["day"].n_unique())
        return (
            spells.group_by("reason", "task", "currency")
            .agg(
                items=pl.col("item_id").n_unique(),
                spells=pl.len(),
                days_median=pl.col("days").median(),
                days_most=pl.col("days").max(),
                on_a_day=((pl.col("amount") * pl.col("days")).sum() // days),
            )
            .sort("on_a_day", "reason", "currency", descending=[True, False, False])
        )

    @cached_property
    def wrong(self) -> pl.DataFrame:
        """A row a line to somebody who had paid it: the message, the item, when the money had come."""
        lines = self.result.lines.filter(pl.col("paid") > 0)
        heads = self.result.actions.select("action_id", "customer_id", "step", "channel", "currency", whole="paid")
        return lines.join(heads, on="action_id").sort("on", "action_id", "item_id")

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the window, the figures, shares of late money held and waiting, what the words mean."""
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "scenarios": [one.code for one in self.scenarios.active],
            "figures": self.result.figures(),
            "held_share": self.share("held"),
            "waiting_share": self.share("waiting"),
            "seen_days": SEEN_DAYS,
            "collision_days": COLLISION_DAYS,
            "definitions": DEFINITIONS,
        }

    def share(self, column: str) -> dict[str, float]:
        """By currency, the share of all late money (euros times days) that was held, asked for or waiting."""
        sums = self.result.daily.group_by("currency").agg(pl.col(column, "overdue").sum()).sort("currency")
        return {code: round(part / whole, 4) for code, part, whole in sums.iter_rows() if whole}


def backtest_dunning(
    path: Path,
    start: date | None = None,
    end: date | None = None,
    scenarios: Path | None = None,
    watch: Callable[[date], None] | None = None,
) -> DunningTested:
    """Replays a book folder from `start` to `end` (default: the last _DAYS days of the book), each day on what was
    known then. `scenarios`: a TOML or JSON file; None: the ready-made ones.

    Raises CallError where the folder is no book, the file no scenarios, or the window is turned round.
    """
    asked = ready_scenarios() if scenarios is None else read_file(scenarios)
    book, issues = read_book(path)
    last = book.last_day()
    if last is None:
        raise CallError([f"{path} holds no dated fact: there is nothing to replay"])
    ends = min(end or last, last)
    begins = start or ends - timedelta(days=_DAYS - 1)
    result = replay(book, window(begins, ends), asked, knower(asked), watch)
    return DunningTested(begins, ends, asked, book, result, issues)


def knower(scenarios: Scenarios) -> Callable[[Book, date], Known]:
    """What a replayed day is planned with: money that had come, each payer's own past, how far the books reached."""

    def know(book: Book, day: date) -> Known:
        return know_for_plan(book, day, scenarios)[0]

    return know
