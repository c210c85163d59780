"""`encours backtest matching`: a book folder in, decisions, figures, a list to judge and a page out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from core.matching.books import book, item, receipt
from core.matching.test_backtest import _letter
from encours.cli.app import app
from encours.connectors.book_folder import write_book

_RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A book with one receipt lettered as it says, and one lettered otherwise."""
    of = book(
        [item("FA-0001", 50000), item("FA-0002", 7000), item("FA-0003", 8000)],
        [receipt("r1", 50000, "VIR FA-0001"), receipt("r2", 7000, "<b>FA-0002</b>", 41)],
        allocations=[_letter("r1", "FA-0001", 50000, 44), _letter("r2", "FA-0003", 7000, 44)],
    )
    write_book(of, tmp_path / "book")
    return tmp_path / "book"


def test_it_writes_tables_figures_and_a_page(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = _RUN.invoke(app, ["backtest", "matching", str(folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    decisions = pl.read_parquet(out / "decisions.parquet")
    assert dict(decisions.select("receipt_id", "verdict").iter_rows()) == {"r1": "agrees", "r2": "differs"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["figures"]["all"]["all"]["automatic_agreement"] == 0.5
    assert set(summary["figures"]["stratum"]) == {"quoted_exactly"}
    to_judge = pl.read_csv(out / "disagreements.csv")
    assert to_judge.select("receipt_id", "proposed", "lettered").rows() == [("r2", "FA-0002", "FA-0003")]
    assert "judgement" in to_judge.columns
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;FA-0002&lt;/b&gt;" in page
    assert "http" not in page
    assert page.count("<h1>") == 1


def test_a_window_leaves_the_rest_out(folder: Path, tmp_path: Path) -> None:
    call = ["backtest", "matching", str(folder), "--out", str(tmp_path / "out"), "--format", "csv"]
    result = _RUN.invoke(app, [*call, "--from", "2026-02-15", "--to", "2026-02-15"])
    assert result.exit_code == 0, result.output
    assert pl.read_csv(tmp_path / "out" / "decisions.csv")["receipt_id"].to_list() == ["r2"]


def test_every_fault_of_a_wrong_call_is_said_at_once(tmp_path: Path) -> None:
    call = ["backtest", "matching", str(tmp_path / "absent"), "--out", str(tmp_path)]
    result = _RUN.invoke(app, [*call, "--max-error-rate", "2", "--format", "xls"])
    assert result.exception is not None
    assert len(result.exception.faults) == 3  # type: ignore[attr-defined]  # the command line's CallError


def test_no_web_framework_is_loaded() -> None:
    code = (
        "import encours.usecases.backtest_matching, encours.usecases.backtest_page, sys; print('django' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


def test_dunning_is_replayed_with_a_scenario_of_the_user(tmp_path: Path) -> None:
    """Letters of the user's own scenario, in tables and on a page that brings nothing from elsewhere."""
    money = receipt("r2", 150000, "", 40)
    letter = _letter("r2", "FA-0002", 70000, 70)
    of = book([item("FA-0001", 50000), item("FA-0002", 70000)], [money], allocations=[letter])
    write_book(of, tmp_path / "book")
    (tmp_path / "mine.toml").write_text(
        '[[scenarios]]\ncode = "mine"\nnames = { en = "Mine" }\npriority = 1\n[[scenarios.steps]]\n'
        'code = "letter_1"\nnames = { en = "Letter" }\nlevel = 1\ndays = 1\nchannel = "letter"\ntemplate = "t"\n'
        'mode = "automatic"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    call = ["backtest", "dunning", str(tmp_path / "book"), "--scenarios", str(tmp_path / "mine.toml")]
    window = ["--from", str(of.items["due_on"].min()), "--to", str(of.last_day())]
    result = _RUN.invoke(app, [*call, "--out", str(out), "--format", "csv", *window])
    assert result.exit_code == 0, result.output
    actions = pl.read_csv(out / "actions.csv")
    assert set(actions["step"]) == {"letter_1"}
    assert pl.read_csv(out / "steps.csv")["messages"].sum() == actions.height
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["scenarios"] == ["mine"]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert page.count("<h1>") == 1
    assert "mine: letter 1" in page
    turned = _RUN.invoke(app, [*call, "--out", str(out), "--from", "2026-03-02", "--to", "2026-03-01"])
    assert "begins on" in str(turned.exception)
