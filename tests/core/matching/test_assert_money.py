"""What leaves the engine is added up once more: each way to pay or use something twice stops the run."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from encours.core.base.schema import TABLES
from encours.core.matching.assert_money import assert_money

_RECEIPTS = pl.DataFrame({"receipt_id": ["r0", "r1"], "kind": ["transfer", "transfer"], "unapplied": [100, 50]})
_ITEMS = pl.DataFrame({"item_id": ["i0", "i1", "n0"], "open": [100, 80, -30]})
_Line = tuple[str, str, int, int | None, int | None]


def _assert(lines: list[_Line], decided: dict[str, str], **more: list[Any]) -> None:
    """Lines: receipt, item, amount, and the places of both as far as the engine tells them."""
    types = {"receipt_id": pl.String, "item_id": pl.String, "amount": pl.Int64, "row": pl.UInt32, "item": pl.UInt32}
    rows = pl.DataFrame(lines, schema=types, orient="row")
    told = rows.with_columns(
        kind=pl.lit("cash"),
        allocation_id=pl.lit("a"),
        allocated_on=pl.lit(date(2026, 1, 1)),
        source=pl.lit("match:one"),
    )
    allocations = TABLES["allocations"].conform(told.with_columns(**{name: pl.Series(of) for name, of in more.items()}))
    decisions = pl.DataFrame({"receipt_id": list(decided), "decision": list(decided.values())})
    assert_money(_RECEIPTS, _ITEMS, allocations, rows.select("row", "item"), decisions)


@pytest.mark.parametrize("placed", [True, False])
def test_money_that_adds_up_passes(placed: bool) -> None:
    one, other = (0, 1) if placed else (None, None)
    lines: list[_Line] = [("r0", "i0", 60, one, one), ("r0", "i1", 40, one, other), ("r1", "i0", 40, 1, 0)]
    _assert(lines, {"r0": "auto", "r1": "review"})


@pytest.mark.parametrize("placed", [True, False])
def test_what_is_paid_or_used_twice_stops_the_run(placed: bool) -> None:
    one, other = (0, 1) if placed else (None, None)
    twice: list[_Line] = [("r0", "i1", 50, one, other), ("r1", "i1", 31, other, other)]
    with pytest.raises(AssertionError, match="item i1 would be paid beyond its open amount"):
        _assert(twice, {"r0": "auto", "r1": "auto"})
    with pytest.raises(AssertionError, match="receipt r1 would be used beyond its money"):
        _assert([("r1", "i1", 51, other, other)], {"r0": "none", "r1": "auto"})
    with pytest.raises(AssertionError, match="item i0"):
        _assert([("r0", "i0", -10, one, one), ("r1", "i0", 111, other, one)], {"r0": "auto", "r1": "auto"})


def test_an_unknown_item_and_a_decision_without_money_stop_the_run() -> None:
    with pytest.raises(AssertionError, match="item that is unknown"):
        _assert([("r0", "elsewhere", 10, None, None)], {"r0": "auto", "r1": "none"})
    with pytest.raises(AssertionError, match="receipt r1 is decided without an allocation"):
        _assert([("r0", "i0", 10, 0, 0)], {"r0": "auto", "r1": "review"})
    with pytest.raises(AssertionError, match="a receipt has no decision"):
        _assert([("r0", "i0", 10, 0, 0)], {"r0": "auto"})


def test_a_credit_note_is_used_once() -> None:
    _assert([("r0", "i0", 30, 0, 0)], {"r0": "auto", "r1": "none"}, kind=["credit"], credit_item_id=["n0"])
    with pytest.raises(AssertionError, match="item n0"):
        _assert([("r0", "i0", 31, 0, 0)], {"r0": "auto", "r1": "none"}, kind=["credit"], credit_item_id=["n0"])
