"""A book folder a day: the command says what the replay in memory says, and what poorer folders change.

- **Same**: on ten days in a row and some at random, the book as it is known that day (with the touches of all that
  left before) is written as a folder and `encours plan` is called on it in a process of its own. Actions, lines, held
  items and parts, tasks and what goes to colleagues must be those of the replay, but for the order of work and its
  reasons, which the replay does not make.
- **Poor** (`--poor`): every day is planned on a book of that day alone that leaves things out, after its own messages
  of the days before. `undated`: no `known_on` anywhere, so that nobody says when a bank line or a letter came.
  `bare`: tables and columns that must be there, with texts, names and dates of the letters, and nothing else: no
  statements, contacts, promises, disputes or drafts, so that its plans write to who promised or disputes.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks.dunning.late_files import LAST_DAY, Company, runs, sample
from benchmarks.harness import Figure, Measured, arguments, measure, report
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.dunning.plan import plan
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.replay import Day, judged, replayed, touched, window
from encours.usecases.backtest_dunning import knower

_IN_A_ROW, _AT_RANDOM = 10, 5
_COMPARED = ("actions", "lines", "held", "parts", "tasks", "internal")
#: The order of work and its reasons are made by the command alone.
_NOT = ("priority", "reasons")
_TABLES = ("entities", "customers", "items", "receipts", "allocations", "touches")
_COLUMNS = {
    "receipts": ("payer_name", "payer_account", "remittance"), "allocations": ("receipt_id",),
    "touches": ("item_id", "level"),
}  # fmt: skip


def some_days(days: Sequence[date], seed: int) -> list[date]:
    """Ten in a row from the second month on, and some of the others."""
    first = min(20, max(0, len(days) - _IN_A_ROW))
    row = list(days[first : first + _IN_A_ROW])
    others = [day for day in days if day not in row]
    return sorted(row + random.Random(seed).sample(others, min(_AT_RANDOM, len(others))))


class Beside:
    """Plans days of a replay by the command, each on a folder of its own."""

    def __init__(self, days: Sequence[date]) -> None:
        self.days = set(days)
        self.runs: list[Measured] = []
        self.other: list[str] = []

    def __call__(self, one: Day) -> None:
        """Writes the day's folder, calls the command and notes what it says otherwise than the replay."""
        if one.day not in self.days:
            return
        with tempfile.TemporaryDirectory(prefix="encours-day-") as scratch:
            folder, out = Path(scratch, "book"), Path(scratch, "plan")
            write_book(one.book.as_of(one.day), folder)
            self.runs.append(measure(by_command, str(folder), one.day.isoformat(), str(out)))
            self.other += [f"{one.day}: {name}" for name in _COMPARED if not same(out, one, name)]

    def figures(self, name: str) -> list[Figure]:
        """Days compared, those that differ, and what a day costs."""
        for one in self.other:
            print(f"{name}: {one} is not the replay's")
        cpu = [run.cpu_seconds for run in self.runs]
        return [
            Figure(f"{name}: days planned on a folder of their own", len(self.runs)),
            Figure(f"{name}: tables that are not the replay's", len(self.other), at_most=0),
            Figure(f"{name}: a day by the command, CPU, median", median(cpu), "s"),
            Figure(f"{name}: a day by the command, CPU, most", max(cpu), "s"),
            Figure(f"{name}: peak memory", max(run.peak_mb for run in self.runs), "MB"),
        ]


def by_command(folder: str, day: str, out: str) -> int:
    """`encours plan`."""
    from encours.cli.app import app

    return int(app(["plan", folder, "--as-of", day, "--out", out], standalone_mode=False) or 0)


def same(out: Path, one: Day, name: str) -> bool:
    """Whether a table that the command wrote is that of the day's plan, in whatever order its rows stand."""
    mine = getattr(one.plan, name)
    left = [column for column in mine.columns if column not in _NOT]
    return ordered(pl.read_parquet(out / f"{name}.parquet").select(left)).equals(ordered(mine.select(left)))


def ordered(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by their columns that can be ordered."""
    plain = [name for name, dtype in rows.schema.items() if not isinstance(dtype, pl.List)]
    return rows.sort(plain, nulls_last=True)


def undated(book: Book) -> Book:
    """The book without any `known_on`."""
    return book.replace(**{
        name: frame.with_columns(known_on=pl.lit(None, dtype=pl.Date))
        for name, frame in book.tables().items()
        if "known_on" in frame.columns
    })  # fmt: skip


def bare(book: Book) -> Book:
    """What must be there, and how money names who sent it."""
    found = {}
    for name in _TABLES:
        table, more = TABLES[name], _COLUMNS.get(name, ())
        found[name] = table.conform(book.table(name).select(*table.required, *more))
    return Book.of(**found)


POOR = {"undated": undated, "bare": bare}


def poor_figures(name: str, company: Company, days: list[date], how: str) -> list[Figure]:
    """Messages that chase, those to who had paid all of it, when every day's book is a poor one."""
    scenarios = ready_scenarios()
    know, plans = knower(scenarios), []
    left = company.seen.touches.filter(pl.col("sent_on") < days[0])
    for day in days:
        book = POOR[how](company.seen.replace(touches=left).as_of(day))
        plans.append(plan(book, day, scenarios, know(book, day)))
        left = pl.concat([left, touched(plans[-1])])
    chases = judged(plans, company.paid, company.truth).actions.filter(pl.col("level") > 0)
    return [
        Figure(f"{name}, {how}: messages and tasks that chase", chases.height),
        Figure(f"{name}, {how}: to who had paid all of it", int(chases["paid"].sum())),
    ]


def same_figures(name: str, company: Company, days: list[date], seed: int) -> list[Figure]:
    """The replay of all days, some of them planned by the command, too."""
    scenarios, beside = ready_scenarios(), Beside(some_days(days, seed))
    for one in replayed(company.seen, days, scenarios, knower(scenarios)):
        beside(one)
    return beside.figures(name)


def main(argv: list[str] | None = None) -> int:
    """Both companies over the last half-year."""
    call = arguments("A book folder a day, planned by the command", argv, options={
        "--seed": {"type": int, "default": 1, "help": "another seed, other companies"},
        "--only": {"choices": ["sample", "runs"], "help": "one company only"},
        "--days": {"type": int, "default": 182, "help": "calendar days that are replayed"},
        "--poor": {"choices": list(POOR), "help": "folders that leave things out, instead"},
    })  # fmt: skip
    seed, only, how = call.extra["seed"], call.extra["only"], call.extra["poor"]
    days = window(LAST_DAY - timedelta(days=call.extra["days"] - 1), LAST_DAY)
    found: list[Figure] = []
    for name, make in (("sample", sample), ("runs", runs)):
        if only in (None, name):
            company = make(call.scaled(150), seed)
            found += poor_figures(name, company, days, how) if how else same_figures(name, company, days, seed)
    return report(call, found)


if __name__ == "__main__":
    sys.exit(main())
