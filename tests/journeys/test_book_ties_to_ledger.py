"""`encours check BOOK --ledger FEC`: what `encours convert` made is the ledger, to the cent, or it says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from encours.cli.app import app
from encours.core.base.issue import CallError
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions
from encours.usecases.make_sample import write_files
from tests.journeys.ledgers import Ledger
from tests.journeys.test_one_euro_once import first_year, second_year, statements

_YEARS = ("123456789FEC20241231.txt", "123456789FEC20251231.txt")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def converted(folder: Path, *arguments: str, detailed: bool = True) -> Path:
    """A book of two ledger years and their bank, in `book`; the ledgers lie in `ledgers`."""
    ledgers = folder / "ledgers"
    ledgers.mkdir()
    first_year().write(ledgers, _YEARS[0])
    second_year(detailed=detailed).write(ledgers, _YEARS[1])
    done = run("convert", ledgers, *statements(folder), "--out", folder / "book", *arguments)
    assert done.exit_code == 0, done.output
    return folder / "book"


@pytest.mark.parametrize("detailed", [True, False])
def test_two_years_and_their_bank_tie_at_every_month_end(tmp_path: Path, detailed: bool) -> None:
    book = converted(tmp_path, detailed=detailed)
    result = run("check", book, "--ledger", tmp_path / "ledgers")
    assert result.exit_code == 0, result.output
    said = [line for line in result.output.splitlines() if line.startswith("ledger ")]
    assert said[0] == "ledger 2024-01-31: 1 customer on 1 account tie"
    assert "ledger 2024-12-10: 3 customers on 1 account tie" in said
    assert said[-1] == "ledger 2025-03-01: 3 customers on 1 account tie"
    assert len(said) == 12 + 3


def test_the_entity_may_have_another_name(tmp_path: Path) -> None:
    book = converted(tmp_path, "--entity", "ACME")
    years = [tmp_path / "ledgers" / name for name in _YEARS]
    named = run("check", book, "--ledger", years[0], "--ledger", years[1], "--entity", "ACME")
    assert (named.exit_code, "differ" in named.output) == (0, False), named.output
    assert run("check", book, "--ledger", years[0]).exit_code == 0
    wrong = run("check", book, "--ledger", years[0], "--entity", "OTHER")
    assert isinstance(wrong.exception, CallError)
    assert "no entity OTHER" in str(wrong.exception)


def test_a_cent_that_moved_is_named_with_customer_and_account(tmp_path: Path) -> None:
    book = converted(tmp_path)
    items = pl.read_parquet(book / "items.parquet")
    moved = pl.when(pl.col("number") == "F7").then(pl.col("amount") + 1).otherwise("amount")
    items.with_columns(amount=moved).write_parquet(book / "items.parquet")
    out = tmp_path / "issues.csv"
    result = run("check", book, "--ledger", tmp_path / "ledgers", "--issues", out)
    assert result.exit_code == 1
    assert "ledger 2025-02-28: 3 customers on 1 account tie" in result.output
    assert "ledger 2025-03-01: 1 of 3 customers on 1 account differ" in result.output
    row = next(line for line in result.output.splitlines() if line.startswith("2025-03-01"))
    assert [cell.strip() for cell in row.split("│")] == [
        "2025-03-01",
        "123456789:C1",
        "411000",
        "720.00 EUR",
        "720.01 EUR",
        "-0.01 EUR",
    ]
    found = pl.read_csv(out).filter(pl.col("code") == "ledger_differs")
    assert found.select("file", "severity", "key").rows() == [(_YEARS[1], "error", "123456789:C1")]
    assert "a gap of -0.01 EUR" in found["message"][0]


def test_a_year_without_an_opening_goes_on_from_the_year_before(tmp_path: Path) -> None:
    first_year().write(tmp_path, _YEARS[0])
    second = Ledger()
    second.paid("20250110", "C2", "VIR CLIENT DEUX F4", 48000, "AA")
    second.invoice("20250301", "C1", "F7", 12000)
    second.write(tmp_path, _YEARS[1])
    years = [tmp_path / name for name in _YEARS]
    assert run("convert", *years, "--out", tmp_path / "book").exit_code == 0
    result = run("check", tmp_path / "book", "--ledger", years[1], "--ledger", years[0])
    assert result.exit_code == 0, result.output
    assert "ledger 2025-03-01: 3 customers on 1 account tie" in result.output


def test_what_is_no_ledger_is_a_wrong_call(tmp_path: Path) -> None:
    book = converted(tmp_path)
    for wrong, words in ((tmp_path / "2024.xml", "this is no FEC"), (book, "no FEC in"), (tmp_path / "x", "no such")):
        result = run("check", book, "--ledger", wrong)
        assert isinstance(result.exception, CallError | FileNotFoundError), wrong
        assert words in str(result.exception)
    assert "--entity" in str(run("check", book, "--entity", "E").exception)


def test_the_sample_company_ties_over_two_fiscal_years(tmp_path: Path) -> None:
    last = date(2026, 3, 31)
    sample = sample_company(SampleOptions(last_day=last, customers=50, months=8, seed=5))
    files = write_files(sample, tmp_path / "files", last)
    ledgers = [path for path in files["comptabilite"] if "FEC" in path.name]
    assert len(ledgers) == 2
    done = run("convert", *ledgers, *files["banque"], "--out", tmp_path / "book")
    assert done.exit_code == 0, done.output
    result = run("check", tmp_path / "book", *(part for path in ledgers for part in ("--ledger", path)))
    assert result.exit_code == 0, result.output
    said = [line for line in result.output.splitlines() if line.startswith("ledger ")]
    assert len(said) >= 8
    assert all(line.endswith(" tie") for line in said)
