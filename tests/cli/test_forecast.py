"""`encours forecast` and `encours backtest forecast`: a book folder in, cash by week and figures out."""

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
from encours.core.forecast.result import WEEKS_SCHEMA
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

_RUN = CliRunner()
_LAST = date(2026, 9, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("company") / "book"
    write_book(sample_company(SampleOptions(_LAST, customers=50, months=12, seed=3)).book, path)
    return path


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out")
    result = _RUN.invoke(app, ["forecast", str(folder), "--out", str(path), "--as-of", str(_LAST)])
    assert result.exit_code == 0, result.output
    assert "EUR: cash expected" in result.output
    return path


def test_forecast_has_a_row_a_customer_and_week_that_adds_up_to_the_total(folder: Path, out: Path) -> None:
    found = pl.read_parquet(out / "forecast.parquet")
    assert found.schema == WEEKS_SCHEMA
    weeks = found["week_start"].unique().sort().to_list()
    assert weeks == [_LAST + timedelta(days=1 + 7 * week) for week in range(13)]
    assert found.filter(pl.struct("entity_id", "currency", "customer_id", "week_start").is_duplicated()).is_empty()
    total = found.filter(pl.col("customer_id").is_null())
    each = found.drop_nulls("customer_id").group_by("week_start").agg(pl.col("mean").sum()).sort("week_start")
    assert total.sort("week_start")["mean"].to_list() == each["mean"].to_list()
    items, left = (pl.read_parquet(out / f"{name}.parquet") for name in ("items", "left_out"))
    known = read_book(folder)[0].as_of(_LAST).open_items().filter(pl.col("open") > 0)
    assert items["expected"].sum() + left["amount"].sum() == known["open"].sum()


def test_summary_says_what_is_expected_soon_and_later(out: Path) -> None:
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["as_of"], summary["weeks"]) == (str(_LAST), 13)
    purse = summary["expected"][0]
    items = pl.read_parquet(out / "items.parquet").filter(pl.col("currency") == purse["currency"])
    assert purse["open"] == items["expected"].sum()
    assert purse["next_4_weeks"]["total"] == sum(
        purse["next_4_weeks"][name] for name in ("open_items", "orders", "expected_invoices")
    )
    assert summary["sentence"]


def test_a_scenario_takes_money_out_of_the_first_weeks(folder: Path, out: Path, tmp_path: Path) -> None:
    call = ["forecast", str(folder), "--out", str(tmp_path), "--as-of", str(_LAST), "--format", "csv", "--weeks", "4"]
    result = _RUN.invoke(app, [*call, "--scenario", "all_later", "--days", "14"])
    assert result.exit_code == 0, result.output
    later = pl.read_csv(tmp_path / "forecast.csv").filter(pl.col("customer_id").is_null())["mean"].to_list()
    usual = pl.read_parquet(out / "forecast.parquet").filter(pl.col("customer_id").is_null())["mean"].to_list()
    assert later[:2] == [0, 0]
    assert sum(later) == pytest.approx(sum(usual[:2]), rel=1e-6)


def test_every_fault_of_a_wrong_call_is_said_at_once(folder: Path, tmp_path: Path) -> None:
    call = ["forecast", str(folder), "--out", str(tmp_path), "--weeks", "60", "--customer", "A"]
    result = _RUN.invoke(app, call)
    assert result.exit_code != 0
    assert "--weeks: 60 is not between 1 and 52; --customer: belongs to a --scenario" in str(result.exception)
    unknown = _RUN.invoke(app, ["forecast", str(folder), "--out", str(tmp_path), "--scenario", "rain"])
    assert unknown.exit_code != 0


def test_the_replay_writes_figures_and_a_page(folder: Path, tmp_path: Path) -> None:
    until = _LAST - timedelta(days=28)
    call = ["backtest", "forecast", str(folder), "--out", str(tmp_path), "--to", str(until)]
    result = _RUN.invoke(app, [*call, "--from", str(until - timedelta(days=14))])
    assert result.exit_code == 0, result.output
    cells = pl.read_parquet(tmp_path / "forecasts.parquet")
    assert cells["as_of"].n_unique() == 3
    assert set(cells["forecaster"]) == {"forecast", "own_median", "due_date"}
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    total = summary["figures"]["EUR"]["total"]
    assert set(total["forecast"]) == {"all", "1", "2", "3", "4"}
    assert total["forecast"]["all"]["came"] == total["due_date"]["all"]["came"] > 0
    assert 0 <= total["forecast"]["all"]["coverage"] <= 1
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert page.count("<h1>") == 1


def test_no_web_is_loaded() -> None:
    code = (
        "import encours.usecases.forecast_folder, encours.usecases.backtest_forecast, encours.usecases.forecast_page;"
        "import sys; print('django' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


def test_a_window_that_cannot_be_judged_is_refused(folder: Path, tmp_path: Path) -> None:
    call = ["backtest", "forecast", str(folder), "--out", str(tmp_path), "--from", str(_LAST - timedelta(days=7))]
    result = _RUN.invoke(app, call)
    assert result.exit_code != 0
    assert "lies 4 weeks before" in str(result.exception)
