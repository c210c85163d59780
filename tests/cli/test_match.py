"""`encours match`: a book folder in, allocations, decisions and a summary out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from core.matching.books import book, item, receipt
from encours.cli.app import app
from encours.connectors.book_folder import write_book

_RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A book with one receipt that quotes its invoice and one that quotes nothing."""
    of = book(
        [item("FA-0001", 50000), item("FA-0002", 7000)],
        [receipt("r1", 50000, "VIR FA-0001"), receipt("r2", 7000, "VIR")],
    )
    write_book(of, tmp_path / "book")
    return tmp_path / "book"


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_match_writes_its_tables(folder: Path, tmp_path: Path, file_format: str) -> None:
    out = tmp_path / "out"
    result = _RUN.invoke(app, ["match", str(folder), "--out", str(out), "--format", file_format])
    assert result.exit_code == 0, result.output
    assert re.search(r"^none, because: [a-z ]+ 1$", result.output, re.MULTILINE)
    read = pl.read_parquet if file_format == "parquet" else pl.read_csv
    decisions = read(out / f"decisions.{file_format}")
    assert dict(decisions.select("receipt_id", "decision").iter_rows()) == {"r1": "auto", "r2": "none"}
    allocations = read(out / f"allocations.{file_format}")
    assert allocations["amount"].to_list() == [50000]
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["receipts"], summary["auto"], summary["none"]) == (2, 1, 1)
    assert summary["as_of"] == "2026-02-14"


def test_every_fault_of_a_wrong_call_is_said_at_once(tmp_path: Path) -> None:
    result = _RUN.invoke(
        app, ["match", str(tmp_path / "absent"), "--out", str(tmp_path), "--max-error-rate", "2", "--format", "xls"]
    )
    assert result.exit_code != 0
    assert result.exception is not None
    assert len(result.exception.faults) == 3  # type: ignore[attr-defined]  # the command line's CallError
