"""Plan the day of a book folder: whom to ask for what, and what is held; no database."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.issue import CallError, concat_issues
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.replay import touched
from encours.core.dunning.scenario import Scenarios
from encours.usecases.folder_gaps import folder_gaps
from encours.usecases.know_for_plan import know_for_plan
from encours.usecases.weigh_plan import effects_of_book, weigh_plan


@dataclass(frozen=True, eq=False)
class Planned:
    """What a run gave: the day's plan and what was wrong with the folder."""

    plan: Plan
    issues: pl.DataFrame
    worth: pl.DataFrame
    worklist: pl.DataFrame
    effects: str

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """`actions` (best work first), `lines`, `held` (with `parts`: held parts of what is asked for), `tasks`,
        `internal`, what puts each action where it stands: `worth`, `worklist`; and `touches`: what the day leaves in
        the next day's book if all of it is done."""
        made = self.plan
        tables = {"actions": made.actions, "lines": made.lines, "held": made.held, "parts": made.parts}
        tables |= {"tasks": made.tasks, "internal": made.internal}
        return {**tables, "worth": self.worth, "worklist": self.worklist, "touches": touched(made)}

    @property
    def summary(self) -> dict[str, Any]:
        """For summary.json: the day, and counts and euros by step and by reason."""
        made = self.plan
        return {
            "as_of": made.as_of.isoformat(),
            "actions": made.actions.height,
            "customers": made.actions["customer_id"].n_unique(),
            "by_mode": _counts(made.actions, "mode"),
            "by_step": _counts(made.actions, "step"),
            "asked": _sums(made.lines.join(made.actions.select("action_id", "currency"), on="action_id")),
            "held_items": made.held.height,
            "by_reason": _counts(made.held, "reason"),
            "held": _sums(pl.concat([made.held, made.parts])),
            "tasks": _counts(made.tasks, "kind"),
            "worklist": _counts(self.worklist, "place"),
            "effects": self.effects,
        }


def plan_book_folder(
    path: Path, as_of: date | None = None, scenarios: Path | None = None, learn: bool = False
) -> Planned:
    """The plan of a folder's book at the end of `as_of` (default: its last day).

    `scenarios`: a TOML or JSON file; None: the ready-made ones. Raises CallError where the folder is not a book, or
    the file no scenarios, naming every fault.
    """
    asked = ready_scenarios() if scenarios is None else read_file(scenarios)
    book, issues = read_book(path)
    day = as_of or book.last_day()
    if day is None:
        raise CallError(["the book holds no dated fact; give --as-of"])
    known, predicted = know_for_plan(book, day, asked, learn=learn)
    made = plan(book, day, asked, known)
    effects = effects_of_book(book, day, known.profiles, asked)
    weighed = weigh_plan(made, book, known, predicted.found.distribution(), effects)
    gaps = folder_gaps(book.as_of(day))
    found = concat_issues([issues, gaps, made.issues, *([predicted.issues] if learn else [])])
    return Planned(weighed.plan, found, weighed.worth, weighed.worklist, effects.says())


def read_file(path: Path) -> Scenarios:
    """Scenarios of a TOML or JSON file. Raises CallError."""
    try:
        text = path.read_text(encoding="utf-8")
        data: Mapping[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise CallError([f"--scenarios: {path} cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise CallError([f"--scenarios: {path} is neither TOML nor JSON: {error}"]) from error
    return read_scenarios(data)


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows[column].value_counts().sort("count", column, descending=[True, False]).iter_rows())


def _sums(rows: pl.DataFrame) -> dict[str, int]:
    return dict(rows.group_by("currency").agg(pl.col("amount").sum()).sort("currency").iter_rows())
