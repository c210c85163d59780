"""Unapplied cash by age and the match rate: by example, and against a slow count of random receipts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.issue import CallError
from encours.core.metrics.match_rate import HOWS, match_rate
from encours.core.metrics.match_rate import definition as rate_definition
from encours.core.metrics.unapplied import LIMITS, definition, unapplied_ageing

DAY = date(2026, 3, 31)
_FREE = {
    "receipt_id": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "booked_on": pl.Date(),
    "unapplied": pl.Int64(),
    "customer_id": pl.String(),
    "is_advance": pl.Boolean(),
    "is_marked": pl.Boolean(),
}
_RECEIPT = {
    "receipt_id": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "booked_on": pl.Date(),
    "amount": pl.Int64(),
    "unapplied": pl.Int64(),
}
_LINE = {"receipt_id": pl.String(), "amount": pl.Int64(), "how": pl.String()}


def _free(n: int, amount: int, age: int, customer: str | None = None, advance: bool = False, mark: bool = False) -> Any:
    return (f"R{n}", "A", "EUR", DAY - timedelta(days=age), amount, customer, advance, mark)


def test_unapplied_money_by_age_and_by_whose_it_is() -> None:
    rows = [
        _free(1, 100, 0),
        _free(2, 200, 7),
        _free(3, 300, 8),
        _free(4, 400, 91, "C"),
        _free(5, 500, 60, "C", advance=True),
        _free(6, -600, 31, "C"),
        _free(7, 700, 20, mark=True),
        _free(8, 0, 20),
        _free(9, 50, -3),
    ]
    found = unapplied_ageing(pl.DataFrame(rows, schema=_FREE, orient="row"), DAY)
    by_group = {row["group"]: row for row in found.iter_rows(named=True)}
    assert list(by_group) == ["advance", "customer", "unknown", "returned", "not_customer"]
    unknown = by_group["unknown"]
    assert (unknown["count"], unknown["amount"], unknown["oldest_on"]) == (4, 650, DAY - timedelta(days=8))
    assert [(unknown[f"count_{n}"], unknown[f"amount_{n}"]) for n in range(5)] == [
        (3, 350),
        (1, 300),
        (0, 0),
        (0, 0),
        (0, 0),
    ]
    assert by_group["customer"]["amount_4"] == 400
    assert by_group["advance"]["amount_2"] == 500
    assert by_group["returned"]["amount_2"] == -600


def test_limits_grow() -> None:
    with pytest.raises(CallError):
        unapplied_ageing(pl.DataFrame(schema=_FREE), DAY, (30, 30))
    assert unapplied_ageing(pl.DataFrame(schema=_FREE), DAY).height == 0


@given(
    st.lists(
        st.tuples(
            st.integers(-5_000, 5_000), st.integers(0, 200), st.none() | st.just("C"), st.booleans(), st.booleans()
        )
    )
)
def test_no_money_is_lost_in_the_buckets(given_rows: list[Any]) -> None:
    rows = [_free(n, *row) for n, row in enumerate(given_rows)]
    found = unapplied_ageing(pl.DataFrame(rows, schema=_FREE, orient="row"), DAY)
    assert found["amount"].sum() == sum(row[4] for row in rows)
    assert found["count"].sum() == sum(row[4] != 0 for row in rows)
    buckets = found.select(pl.sum_horizontal([f"amount_{n}" for n in range(len(LIMITS) + 1)]))
    assert buckets.to_series().to_list() == found["amount"].to_list()


def test_the_rates_by_example() -> None:
    receipts = [
        ("whole", 1_000, 0),  # two lines by themselves
        ("part", 1_000, 400),  # one line confirmed, a rest
        ("none", 1_000, 1_000),
        ("mixed", 1_000, 0),  # one by itself, one by hand
        ("erp", 1_000, 0),
    ]
    rows = [(name, "A", "EUR", DAY, amount, free) for name, amount, free in receipts]
    lines = [
        ("whole", 600, "automatic"),
        ("whole", 400, "automatic"),
        ("part", 600, "confirmed"),
        ("mixed", 500, "automatic"),
        ("mixed", 500, "by_hand"),
        ("erp", 1_000, "ledger"),
    ]
    found = match_rate(
        pl.DataFrame(rows, schema=_RECEIPT, orient="row"), pl.DataFrame(lines, schema=_LINE, orient="row")
    ).row(0, named=True)
    assert found["month"] == date(2026, 3, 1)
    assert (found["receipts"], found["receipts_matched"], found["receipts_automatic"]) == (5, 3, 1)
    assert (found["receipts_by_hand"], found["receipts_ledger"], found["receipts_confirmed"]) == (1, 1, 0)
    assert (found["lines"], found["lines_matched"], found["lines_automatic"]) == (8, 6, 3)
    assert (found["value"], found["value_matched"], found["value_automatic"]) == (5_000, 3_600, 1_500)


@st.composite
def _months(draw: Any) -> tuple[list[Any], list[Any]]:
    receipts, lines = [], []
    for n in range(draw(st.integers(0, 12))):
        parts = draw(st.lists(st.tuples(st.integers(1, 900), st.sampled_from(HOWS)), max_size=3))
        rest = draw(st.sampled_from([0, 0, 77])) or (0 if parts else 5)
        day = DAY - timedelta(days=draw(st.integers(0, 70)))
        receipts.append((f"R{n}", draw(st.sampled_from("AB")), "EUR", day, sum(size for size, _ in parts) + rest, rest))
        lines += [(f"R{n}", size, how) for size, how in parts]
    return receipts, lines


@given(_months())
def test_the_rates_against_a_slow_count(book: tuple[list[Any], list[Any]]) -> None:
    receipts, lines = book
    expected: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, entity, currency, day, amount, rest in receipts:
        row = expected[entity, currency, day.replace(day=1)]
        own = [(size, how) for other, size, how in lines if other == name]
        row["receipts"] += 1
        row["lines"] += len(own) + (rest != 0)
        row["value"] += amount
        row["lines_matched"] += len(own)
        row["value_matched"] += amount - rest
        ways = {how for _, how in own}
        if own and not rest:
            row["receipts_matched"] += 1
            row[f"receipts_{ways.pop() if len(ways) == 1 else 'by_hand'}"] += 1
        for size, how in own:
            row[f"lines_{how}"] += 1
            row[f"value_{how}"] += size
    found = match_rate(
        pl.DataFrame(receipts, schema=_RECEIPT, orient="row"), pl.DataFrame(lines, schema=_LINE, orient="row")
    )
    assert found.height == len(expected)
    for row in found.iter_rows(named=True):
        key = (row.pop("entity_id"), row.pop("currency"), row.pop("month"))
        assert row == {name: expected[key][name] for name in row}
        for part in ("receipts", "lines", "value"):
            assert sum(row[f"{part}_{how}"] for how in HOWS) == row[f"{part}_matched"] <= row[part]


def test_definitions_are_said_in_both_languages() -> None:
    for said in (definition, rate_definition):
        assert said("en") != said("fr")
