"""`encours check`: issues line by line, a summary, and the exit code that scripts rely on."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from encours.cli.app import app

ITEMS = "item_id,entity_id,customer_id,number,kind,issued_on,due_on,amount,currency"


def book_folder(folder: Path, *lines: str) -> Path:
    """A book of one entity, one customer and these item lines."""
    (folder / "entities.csv").write_text("entity_id,name,country,currency\nE,Our company,FR,EUR\n")
    (folder / "customers.csv").write_text("customer_id,entity_id,name,kind\nE:C1,E,A customer,business\n")
    (folder / "items.csv").write_text("\n".join([ITEMS, *lines, ""]))
    return folder


def test_a_sound_book_exits_0(tmp_path: Path) -> None:
    book = book_folder(tmp_path, "E:1,E,E:C1,1,invoice,2026-01-02,2026-02-01,1200,EUR")
    result = CliRunner().invoke(app, ["check", str(book)])
    assert result.exit_code == 0, result.output
    assert "Sound: 0 errors" in result.output


def test_errors_exit_1_and_come_first(tmp_path: Path) -> None:
    book = book_folder(
        tmp_path,
        "E:1,E,E:C1,1,invoice,2026-02-02,2026-02-01,1200,EUR",
        "E:2,E,E:C1,2,invoice,2026-01-02,soon,1200,EUR",
        "E:3,E,E:C9,3,invoice,2026-01-02,2026-02-01,1200,EUR",
    )
    out = tmp_path / "deep" / "issues.csv"
    result = CliRunner().invoke(app, ["check", str(book), "--issues", str(out)])
    assert result.exit_code == 1
    assert result.output.startswith("items.csv:3: error: bad_cell: due_on: soon is not a date")
    assert "Not sound: 2 errors, 1 warning, 0 info." in result.output
    assert pl.read_csv(out)["code"].to_list() == ["bad_cell", "orphan", "dates_out_of_order"]


def test_a_path_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    from encours.core.base.issue import CallError

    result = CliRunner().invoke(app, ["check", str(tmp_path / "absent")])
    assert isinstance(result.exception, CallError)


@pytest.mark.parametrize("command", ["check"])
def test_help_names_the_command(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "BOOK" in result.output
