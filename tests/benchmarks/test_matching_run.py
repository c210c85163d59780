"""The matching benchmark as a command: found by prove, called by its name, files for other products written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.matching.__main__ import main
from benchmarks.matching.score import score
from benchmarks.prove import names
from encours.connectors.book_folder import read_book


def test_prove_finds_the_package_and_the_exact_rule_at_size() -> None:
    assert {"matching", "matching.exact", "ageing"} <= set(names())
    assert "matching.generate" not in names()


def test_the_command_writes_figures_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    code = main(["--scale", "0.3", "--out", str(out), "--data", str(tmp_path)])
    record = json.loads(out.read_text(encoding="utf-8"))
    figures = {figure["what"]: figure for figure in record["figures"]}
    assert record["holds"] is (code == 0)
    assert figures["receipts"]["value"] == 300
    assert figures["recall of matchable, whole set"]["at_least"] == 0.87
    assert "stratum: quoted_exactly" in capsys.readouterr().out
    book, issues = read_book(tmp_path / "book")
    assert book.receipts.height == 300
    assert issues.filter(severity="error").is_empty()
    read = {name: pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("allocations", "decisions")}
    truth = {name: pl.read_parquet(tmp_path / "truth" / f"{name}.parquet") for name in ("truth", "receipts")}
    again = score(read["allocations"], read["decisions"], truth["truth"], truth["receipts"])
    assert again.rate("precision") == pytest.approx(figures["precision of proposals, whole set"]["value"], abs=1e-4)
