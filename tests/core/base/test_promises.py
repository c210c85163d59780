"""Promises judged by what was booked: in time, once each, and no further than the bank's data reaches."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from encours.core.base.promises import JUDGED_SCHEMA, MONEY_SCHEMA, PROMISED_SCHEMA, SETTLED_SCHEMA, judge

DUE = date(2026, 5, 5)
HELD = DUE + timedelta(days=2)
AFTER = HELD + timedelta(days=1)


def promised(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {
        "promise_id": "P", "customer_id": "C", "payer": "C", "item_id": "I", "amount": 10_000, "currency": "EUR",
        "made_on": DUE - timedelta(days=5), "due_on": DUE, "held_until": HELD,
    }  # fmt: skip
    return pl.DataFrame([base | row for row in rows], schema=PROMISED_SCHEMA)


def settled(*rows: tuple[str, date, int]) -> pl.DataFrame:
    return pl.DataFrame([(proof, "I", "C", on, amount) for proof, on, amount in rows], SETTLED_SCHEMA, orient="row")


def money(*rows: tuple[str, date, int]) -> pl.DataFrame:
    return pl.DataFrame([(proof, "C", "EUR", on, amount) for proof, on, amount in rows], MONEY_SCHEMA, orient="row")


def states(
    rows: pl.DataFrame, paid: pl.DataFrame, loose: pl.DataFrame, banked_on: date | None = AFTER, as_of: date = AFTER
) -> dict[str, str]:
    found = judge(rows, {"I": 0}, paid, loose, as_of, banked_on)
    assert found.schema == JUDGED_SCHEMA
    return dict(found.select("promise_id", "state").iter_rows())


def test_a_promise_is_broken_only_once_the_bank_covers_its_last_day() -> None:
    one = promised({})
    assert states(one, settled(), money()) == {"P": "broken"}
    assert states(one, settled(), money(), banked_on=HELD - timedelta(days=1)) == {"P": "pending"}
    assert states(one, settled(), money(), banked_on=None) == {"P": "pending"}
    assert states(one, settled(), money(), as_of=HELD) == {"P": "pending"}


def test_money_counts_from_the_promise_to_its_last_day() -> None:
    one = promised({})
    assert states(one, settled(("a", HELD, 10_000)), money()) == {"P": "kept"}
    assert states(one, settled(("a", AFTER, 10_000)), money()) == {"P": "broken"}
    assert states(one, settled(("a", DUE - timedelta(days=6), 10_000)), money()) == {"P": "broken"}
    assert states(one, settled(("a", DUE, 4_000)), money()) == {"P": "partly"}
    assert states(one, settled(("a", DUE, 9_950)), money()) == {"P": "kept"}, "a bank's fee is no broken word"
    assert states(one, settled(("a", DUE, 9_949)), money()) == {"P": "partly"}


def test_what_keeps_one_promise_keeps_no_other() -> None:
    two = promised({"promise_id": "P1"}, {"promise_id": "P2", "due_on": DUE + timedelta(days=1)})
    assert states(two, settled(("a", DUE, 10_000)), money()) == {"P1": "kept", "P2": "broken"}
    assert states(two, settled(), money(("r", DUE, 12_000))) == {"P1": "kept", "P2": "partly"}
    assert states(two, settled(("a", DUE, 10_000)), money(("r", DUE, 10_000))) == {"P1": "kept", "P2": "kept"}


def test_loose_money_keeps_a_promise_only_when_its_day_is_over() -> None:
    assert states(promised({}), settled(), money(("r", DUE, 10_000)), as_of=DUE) == {"P": "pending"}
    assert states(promised({}), settled(), money(("r", DUE, 10_000))) == {"P": "kept"}


def test_a_promise_without_an_amount_is_kept_by_all_that_was_open() -> None:
    one = promised({"amount": None})
    found = judge(one, {"I": 500}, settled(("a", DUE, 9_500)), money(), AFTER, AFTER)
    assert found["state"].to_list() == ["partly"]
    assert states(one, settled(("a", DUE, 10_000)), money()) == {"P": "kept"}
    assert states(promised({"item_id": None, "amount": None}), settled(("a", DUE, 1)), money()) == {"P": "kept"}
