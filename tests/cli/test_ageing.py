"""`encours ageing`: the written table ties to the book, choices are said, wrong calls list every fault."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from core import ledgers
from encours.cli.app import app
from encours.cli.report import CallError
from encours.connectors.book_folder import write_book
from encours.core.metrics import ageing

COLUMNS = ["entity_id", "customer_id", "currency", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus"]
COLUMNS += ["credits", "advances", "unapplied", "total"]


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    result = CliRunner().invoke(app, ["ageing", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=ledgers.ledgers(), day=ledgers.days)
def test_the_table_is_the_books(tmp_path: Path, facts: dict[str, list[dict[str, object]]], day: date) -> None:
    book = ledgers.book_of(facts)
    write_book(book, tmp_path / "book")
    code, output = run(str(tmp_path / "book"), "--out", str(tmp_path / "out"), "--as-of", day.isoformat())
    assert code == 0, output
    table = pl.read_parquet(tmp_path / "out" / "ageing.parquet")
    assert table.columns == COLUMNS
    assert table.equals(ageing(book, day).frame.select(COLUMNS))
    assert table["total"].sum() == book.as_of(day).balances()["balance"].sum()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["as_of"] == day.isoformat()
    assert summary["sentence"] in output


def small_book(folder: Path) -> Path:
    """Two items in two currencies, one doubtful, one line that cannot be read."""
    (folder / "items.csv").write_text(
        "item_id,entity_id,customer_id,ledger_account,number,kind,issued_on,due_on,amount,currency\n"
        "I1,E,C1,411,1,invoice,2026-01-01,2026-01-31,10000,EUR\n"
        "I2,E,C1,416,2,invoice,2026-01-01,2026-01-31,5000,USD\n"
        "I3,E,C1,411,3,invoice,2026-01-01,never,700,EUR\n"
    )
    (folder / "entities.csv").write_text("entity_id,name,country,currency\nE,Ours,FR,EUR\n")
    (folder / "rates.csv").write_text("currency,on,rate\nUSD,2026-03-01,1.25\n")
    return folder


def test_choices_rates_and_bad_lines(tmp_path: Path) -> None:
    book, out = small_book(tmp_path), tmp_path / "out"
    chosen = [
        "--as-of",
        "2026-03-02",
        "--without",
        "doubtful",
        "--limits",
        "10,20",
        "--currency",
        "eur",
        "--format",
        "csv",
    ]
    code, output = run(str(book), "--out", str(out), *chosen)
    assert code == 1  # a bad line was said, the others were measured
    assert "items.csv:4: error: bad_cell" in output
    assert "without doubtful (416)" in output
    table = pl.read_csv(out / "ageing.csv")
    assert table.select("currency", "d21_plus", "total", "excluded").rows() == [
        ("EUR", 10000, 10000, 0),
        ("USD", 0, 0, 5000),
    ]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["consolidated"]["total"] == 10000
    assert "not_computable" in summary["figures"][0]["dso_simple"]
    code, _ = run(str(book), "--out", str(out), "--currency", "GBP")
    assert json.loads((out / "summary.json").read_text())["consolidated"]["not_computable"].endswith("for GBP, USD.")


def test_the_default_day_is_the_books_last(tmp_path: Path) -> None:
    run(str(small_book(tmp_path)), "--out", str(tmp_path / "out"))
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["as_of"] == "2026-01-01"


def test_wrong_calls_list_every_fault(tmp_path: Path) -> None:
    wrong = ["--by", "eye", "--without", "all", "--limits", "a", "--format", "x"]
    with pytest.raises(CallError) as caught:
        run(str(tmp_path), "--out", str(tmp_path / "o"), *wrong)
    assert len(caught.value.faults) == 4
