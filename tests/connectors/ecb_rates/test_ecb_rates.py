"""The ECB's files in each form they come in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from encours.connectors.base.contract import Options, Source, recognise
from encours.connectors.ecb_rates import CONNECTOR

_GOLDEN = Path(__file__).resolve().parents[3] / "src/encours/connectors/ecb_rates/golden"


@pytest.mark.parametrize(("name", "count"), [("hist.csv", 15), ("day.csv", 5), ("daily.xml", 3)])
def test_every_form_is_recognised_and_read(name: str, count: int) -> None:
    source = Source.of(_GOLDEN / name)
    assert recognise(source) is CONNECTOR
    reading = CONNECTOR.read(source, Options())
    rates = reading.tables["rates"]
    assert rates.height == count
    assert reading.issues.is_empty()
    day = rates.filter(currency="USD", on=date(2026, 3, 31))
    assert day["rate"].to_list() == [1.1012]


def test_a_bad_rate_is_an_issue_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,JPY,GBP,CHF,CAD\n2026-03-31,1.1,abc,-2,0.97,N/A\nsoon,1,1,1,1,1\n", encoding="utf-8")
    reading = CONNECTOR.read(Source.of(path), Options())
    assert reading.tables["rates"]["currency"].to_list() == ["USD", "CHF"]
    assert sorted(reading.issues["code"]) == ["date_invalid", "rate_invalid", "rate_invalid"]
    assert reading.rejected is not None
    assert reading.rejected["line"].to_list() == [3]
