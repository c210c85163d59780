"""A book folder a day: the command says what the replay in memory says, whatever a folder leaves out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks.dunning.folder_days import bare, same, undated
from benchmarks.dunning.late_files import LAST_DAY, Company, sample
from encours.cli.app import app
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.replay import replayed, window
from encours.usecases.backtest_dunning import knower

_RUN = CliRunner()
_MANDATORY = ("entities", "customers", "items")


@pytest.fixture(scope="module")
def company() -> Company:
    return sample(50, 6)


def _planned(book: Book, day: date, folder: Path, file_format: str = "parquet") -> tuple[Path, str]:
    write_book(book, folder / "book", file_format)
    out = folder / "plan"
    result = _RUN.invoke(app, ["plan", str(folder / "book"), "--as-of", day.isoformat(), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.output


def test_a_folder_a_day_says_what_the_replay_says(company: Company, tmp_path: Path) -> None:
    """The book as it is known that day, with the touches that the plans of the days before have left behind."""
    scenarios = ready_scenarios()
    days = window(date(LAST_DAY.year, 10, 26), LAST_DAY)
    touches = company.seen.touches.filter(pl.col("sent_on") < days[0])
    asked = 0
    for one in replayed(company.seen, days, scenarios, knower(scenarios)):
        book = company.seen.replace(touches=touches).as_of(one.day)
        out, _ = _planned(book, one.day, tmp_path / f"{one.day}", "csv" if one.day == days[-1] else "parquet")
        for name in ("actions", "lines", "held", "parts", "tasks", "internal"):
            assert same(out, one, name), f"{one.day}: {name}"
        touches = pl.concat([touches, TABLES["touches"].conform(pl.read_parquet(out / "touches.parquet"))])
        asked += one.plan.actions.height
    assert asked > 20
    assert touches.height == touches["touch_id"].n_unique()


@pytest.mark.parametrize("absent", [*(name for name in TABLES if name not in _MANDATORY), "all of them"])
def test_a_folder_without_a_table_is_planned(company: Company, tmp_path: Path, absent: str) -> None:
    gone = [name for name in TABLES if name not in _MANDATORY] if absent == "all of them" else [absent]
    book = company.seen.as_of(LAST_DAY)
    book = book.replace(**{name: TABLES[name].empty() for name in gone})
    write_book(book, tmp_path / "book")
    for name in gone:
        (tmp_path / "book" / f"{name}.parquet").unlink()
    call = ["plan", str(tmp_path / "book"), "--as-of", LAST_DAY.isoformat(), "--out", str(tmp_path / "plan")]
    result = _RUN.invoke(app, call)
    assert result.exit_code == 0, result.output
    said = {"receipts": "no_bank_money", "statements": "no_statements", "allocations": "nothing_lettered",
            "touches": "no_touches", "disputes": "no disputes"}  # fmt: skip
    if absent in said:
        assert said[absent] in result.output
    if absent == "all of them":
        assert all(word in result.output for word in ("no_bank_money", "no_touches", "nothing_of"))


def test_what_only_must_be_there_is_planned_and_money_without_a_day_holds_longer(
    company: Company, tmp_path: Path
) -> None:
    day = LAST_DAY
    _, output = _planned(bare(company.seen.as_of(day)), day, tmp_path / "bare")
    assert "no_statements" in output
    assert "undated_money" in output
    scenarios = ready_scenarios()
    rules = [knower(scenarios)(book, day).settings for book in (company.seen, undated(company.seen.as_of(day)))]
    assert [one.unapplied_days for one in rules] == [5, 8]
