"""The matching benchmark as a command: found by prove, called by its name, files for other products written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.matching.__main__ import main
from benchmarks.matching.generate import generate
from benchmarks.matching.profile import STANDARD
from benchmarks.matching.run import judge
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
    again = judge(tmp_path, tmp_path / "encours")
    assert again.rate("precision") == pytest.approx(figures["precision of proposals, whole set"]["value"], abs=1e-4)


def test_answers_may_be_csv_without_a_confidence(tmp_path: Path) -> None:
    case = generate(STANDARD, 200, "stock", seed=1)
    case.write(tmp_path)
    answers = tmp_path / "answers"
    answers.mkdir()
    case.truth.write_csv(answers / "allocations.csv")
    case.receipts.select("receipt_id", decision=pl.lit("review")).write_csv(answers / "decisions.csv")
    assert main(["--data", str(tmp_path), "--answers", str(answers)]) == 0
    assert judge(tmp_path, answers).rate("recall") == 1.0
    (answers / "decisions.csv").unlink()
    with pytest.raises(ValueError, match="of: decisions"):
        judge(tmp_path, answers)
