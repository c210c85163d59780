"""`encours predict` and `encours backtest payments`: a book folder in, dates, payers and figures out."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from encours.cli.app import app
from encours.connectors.book_folder import read_book, write_book
from encours.core.base.book import Book
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

_RUN = CliRunner()
_LAST = date(2026, 9, 30)


@pytest.fixture(scope="module")
def book() -> Book:
    return sample_company(SampleOptions(_LAST, customers=50, months=12, seed=3)).book


@pytest.fixture(scope="module")
def folder(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("company") / "book"
    write_book(book, path)
    return path


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_predict_writes_one_row_an_open_item_and_one_a_customer(folder: Path, tmp_path: Path, file_format: str) -> None:
    result = _RUN.invoke(app, ["predict", str(folder), "--out", str(tmp_path), "--format", file_format])
    assert result.exit_code == 0, result.output
    read = pl.read_parquet if file_format == "parquet" else pl.read_csv
    found, payers = read(tmp_path / f"predictions.{file_format}"), read(tmp_path / f"payers.{file_format}")
    known = read_book(folder)[0].as_of(_LAST)
    assert found["item_id"].sort().to_list() == _open(known)
    assert payers["customer_id"].to_list() == known.customers["customer_id"].sort().to_list()
    for name in ("p10_on", "p50_on", "p90_on", "p_late", "p_unpaid_90", "basis"):
        assert found[name].null_count() == 0
    assert found.filter((pl.col("p10_on") > pl.col("p50_on")) | (pl.col("p50_on") > pl.col("p90_on"))).is_empty()
    assert payers["reason"].null_count() == payers["profile"].null_count() == 0
    assert all(isinstance(json.loads(text), dict) for text in payers["figures"])
    _assert_habits_say_the_same(read(tmp_path / f"habits.{file_format}"), payers)
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["items"] == found.height
    assert summary["as_of"] == str(_LAST)


def _assert_habits_say_the_same(habits: pl.DataFrame, payers: pl.DataFrame) -> None:
    """A row a customer with the figures of `payers`, each in a column whose name bears its unit."""
    assert habits["customer_id"].to_list() == payers["customer_id"].to_list()
    assert habits["profile"].to_list() == payers["profile"].to_list()
    for row, text in zip(habits.iter_rows(named=True), payers["figures"], strict=True):
        told = json.loads(text)
        for name, column in (("delay_median", "delay_median_days"), ("share_full", "share_full"), ("drawn", "drawn")):
            assert (
                row[column] == pytest.approx(told.get(name), abs=0.001)
                if told.get(name) is not None
                else not row[column]
            )
        assert row["channel"] == told.get("channel")
    assert habits["leave_until_on"].drop_nulls().len() > 0
    assert habits["leave_items"].drop_nulls().min() >= 1


def test_the_day_that_is_named_is_the_day_that_is_known(folder: Path, tmp_path: Path) -> None:
    day = _LAST - timedelta(days=90)
    result = _RUN.invoke(app, ["predict", str(folder), "--out", str(tmp_path), "--as-of", day.isoformat()])
    assert result.exit_code == 0, result.output
    found = pl.read_parquet(tmp_path / "predictions.parquet")
    assert found["item_id"].sort().to_list() == _open(read_book(folder)[0].as_of(day))
    assert found.filter(pl.col("p10_on") <= day).is_empty()


def test_a_wrong_call_is_said(folder: Path, tmp_path: Path) -> None:
    for arguments in (
        ["predict", str(folder), "--out", str(tmp_path), "--format", "xls"],
        ["predict", str(folder), "--out", str(tmp_path), "--as-of", "yesterday"],
        ["predict", str(tmp_path / "absent"), "--out", str(tmp_path)],
        ["backtest", "payments", str(folder), "--out", str(tmp_path), "--from", "2026-10-01", "--to", "2026-01-01"],
        ["backtest", "payments", str(folder), "--out", str(tmp_path), "--from", "2031-10-01"],
    ):
        result = _RUN.invoke(app, arguments)
        assert result.exit_code != 0, arguments
        assert getattr(result.exception, "faults", None), arguments


def test_a_replay_sets_three_forecasters_beside_what_came(folder: Path, tmp_path: Path) -> None:
    last = _LAST - timedelta(days=60)
    window = ["--from", str(last - timedelta(days=14)), "--to", str(last)]
    result = _RUN.invoke(app, ["backtest", "payments", str(folder), "--out", str(tmp_path), *window])
    assert result.exit_code == 0, result.output
    rows = pl.read_parquet(tmp_path / "forecasts.parquet")
    assert rows["day"].n_unique() == 3
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    told = summary["figures"]["model"]
    error = (rows["delay_days"] - rows["model_p50"]).abs().mean()
    assert told["mae"] == pytest.approx(error)
    assert told["forecasts"] == rows.height
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "own median" in page
    assert "<script" not in page


def test_neither_needs_django() -> None:
    code = (
        "import encours.usecases.predict_payments, encours.usecases.backtest_payments, encours.usecases.payments_page\n"
        "import sys; print('django' in sys.modules, 'lightgbm' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "False"]


def _open(known: Book) -> list[str]:
    """Items that are owed on the day, by a sum of their own: not the engine's."""
    settled: dict[str, int] = {}
    for row in known.allocations.filter(pl.col("reversed_on").is_null()).iter_rows(named=True):
        settled[row["item_id"]] = settled.get(row["item_id"], 0) + row["amount"]
        if row["credit_item_id"] is not None:
            settled[row["credit_item_id"]] = settled.get(row["credit_item_id"], 0) - row["amount"]
    rows = known.items.select("item_id", "amount").iter_rows()
    return sorted(item_id for item_id, amount in rows if amount > 0 and amount - settled.get(item_id, 0) > 0)
