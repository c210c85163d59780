"""The ledger's own balances at its closings, against sums anyone can follow."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.connectors.base.contract import Options, Source
from encours.connectors.fec.closings import closing_days, closings_of
from tests.journeys.ledgers import Ledger

_STEPS = st.tuples(st.integers(0, 200), st.sampled_from(["C1", "C2", "C3"]), st.integers(1, 10**9), st.booleans())


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(_STEPS, min_size=1, max_size=30))
def test_balances_are_the_sum_of_the_lines_up_to_each_closing(steps: list[tuple[int, str, int, bool]]) -> None:
    ledger = Ledger()
    for after, aux, cents, sale in sorted(steps):
        day = (date(2025, 1, 1) + timedelta(days=after)).strftime("%Y%m%d")
        (ledger.invoice(day, aux, f"F{after}", cents) if sale else ledger.paid(day, aux, "VIR", cents))
    with TemporaryDirectory() as folder:
        path = ledger.write(Path(folder), "123456789FEC20251231.txt")
        found = closings_of(Source.of(path), Options("E"))
    for on in found.days:
        sums: dict[str, int] = {}
        for day, (account, aux, cents, _) in ledger.lines:
            if account == "411000" and day <= on.strftime("%Y%m%d"):
                sums[f"E:{aux}"] = sums.get(f"E:{aux}", 0) + cents
        told = found.balances.filter(pl.col("on") == on)
        assert dict(told.select("customer_id", "balance").iter_rows()) == sums


def test_an_opening_counts_from_the_day_the_year_was_opened(tmp_path: Path) -> None:
    ledger = Ledger()
    opened = [("411000", "C1", 5000, ""), ("101000", "", -5000, "")]
    ledger.entry("AN", "20241115", "F1", "A nouveau", opened, "A nouveaux")
    ledger.entry("AN", "20250101", "F2", "A nouveau", opened, "A nouveaux")
    ledger.paid("20250210", "C1", "VIR", 4000)
    found = closings_of(Source.of(ledger.write(tmp_path, "123456789FEC20251231.txt")), Options("E"))
    assert found.opened
    assert found.balances.select("on", "balance").rows() == [(date(2025, 1, 31), 10_000), (date(2025, 2, 10), 6_000)]


def test_lines_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20250110", "C1", "F1", 12_000)
    path = ledger.write(tmp_path, "123456789FEC20251231.txt")
    path.write_text(path.read_text(encoding="utf-8").replace("120,00", "12O,00", 1), encoding="utf-8")
    issues = closings_of(Source.of(path), Options("E")).issues
    assert issues.select("line", "code", "severity").rows() == [(2, "lines_unread", "error")]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2025, 1, 15), date(2025, 3, 31), [(1, 31), (2, 28), (3, 31)]),
        (date(2025, 1, 31), date(2025, 2, 10), [(1, 31), (2, 10)]),
        (date(2025, 1, 31), date(2025, 1, 31), [(1, 31)]),
        (None, None, []),
    ],
)
def test_closings_are_month_ends_and_the_last_day(
    first: date | None, last: date | None, days: list[tuple[int, int]]
) -> None:
    assert [(day.month, day.day) for day in closing_days(first, last)] == days
