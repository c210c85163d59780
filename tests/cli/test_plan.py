"""`encours plan`: a book folder in, the day's actions and what is held out."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from encours.cli.app import app
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from tests.core.dunning.held import rows

_RUN = CliRunner()
_DAY = date(2026, 3, 18)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = {"entity_id": "E", "customer_id": "E:1", "currency": "EUR", "kind": "invoice", "issued_on": date(2026, 1, 5)}
    late = {"item_id": "late", "number": "1", "amount": 50_000, "due_on": _DAY - timedelta(days=4)}
    young = {"item_id": "young", "number": "2", "amount": 9_000, "due_on": _DAY - timedelta(days=2)}
    stuck = {"item_id": "stuck", "number": "3", "amount": 7_000, "due_on": _DAY - timedelta(days=9)}
    book = Book.of(
        entities=rows("entities", {"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}),
        customers=rows("customers", {"customer_id": "E:1", "entity_id": "E", "name": "Un", "kind": "business"}),
        items=rows("items", {**base, **late}, {**base, **young}, {**base, **stuck}),
        disputes=rows("disputes", {
            "dispute_id": "d", "item_id": "stuck", "amount": 7_000, "reason": "price", "opened_on": _DAY,
        }),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("company") / "book"
    write_book(book, path)
    return path


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_plan_writes_what_is_asked_for_and_what_is_held(folder: Path, tmp_path: Path, file_format: str) -> None:
    call = ["plan", str(folder), "--as-of", _DAY.isoformat(), "--out", str(tmp_path), "--format", file_format]
    result = _RUN.invoke(app, call)
    assert result.exit_code == 0, result.output
    assert "1 actions, 1 late items held" in result.output
    read = pl.read_parquet if file_format == "parquet" else pl.read_csv
    actions, held = read(tmp_path / f"actions.{file_format}"), read(tmp_path / f"held.{file_format}")
    items = actions["items"].explode() if file_format == "parquet" else actions["items"].str.split(" ").explode()
    assert sorted(items) == ["late", "young"]
    assert actions.select("step", "mode", "amount").rows() == [("reminder_1", "automatic", 59_000)]
    assert held.select("item_id", "reason", "task").rows() == [("stuck", "disputed", "settle_dispute")]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["as_of"], summary["asked"], summary["held"]) == ("2026-03-18", {"EUR": 59_000}, {"EUR": 7_000})


def test_scenarios_of_a_file_are_followed_and_a_wrong_one_is_refused(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    step = 'code="mine"\nlevel=1\ndays=1\nchannel="letter"\ntemplate="t"\n'
    own.write_text(f'code="own"\nnames="Own"\n[[steps]]\n{step}')
    call = ["plan", str(folder), "--as-of", _DAY.isoformat(), "--out", str(tmp_path / "out"), "--scenarios"]
    assert _RUN.invoke(app, [*call, str(own)]).exit_code == 0
    assert pl.read_parquet(tmp_path / "out/actions.parquet")["step"].to_list() == ["mine"]
    own.write_text(f'code="own"\n[[steps]]\n{step}tune=3\n')
    for path, words in (
        (own, ("own: names is missing", "own/mine: tune is not known here")),
        (tmp_path / "no", ("read",)),
    ):
        result = _RUN.invoke(app, [*call, str(path)])
        assert result.exit_code != 0
        said = result.output + str(result.exception)
        assert all(word in said for word in words)
