"""Money in another currency than what it quotes: proposed where the day's rate explains it, never by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import Proposals, propose

LATE = DAY + timedelta(days=60)
_USD = [{"currency": "USD", "on": DAY + timedelta(days=39), "rate": 1.08}]


def found(amount: int, rates: list[dict[str, Any]] = _USD, text: str = "FA-20260001 FA-20260002") -> Proposals:
    """An American customer's dollars for two invoices of 100 and 50 euros."""
    items = [item("FA-20260001", 10_000), item("FA-20260002", 5_000), item("FA-20260003", 99_900)]
    return propose(book(items, [receipt("r", amount, text, currency="USD")], rates=rates), LATE)


def test_at_the_day_s_rate_the_items_are_closed_with_all_the_money() -> None:
    proposals = found(16_200)
    row = proposals.decisions.row(0, named=True)
    assert (row["decision"], row["rule"], row["confidence"]) == ("review", "quoted_currency", 0.93)
    assert row["reason"] == "the quoted items are in EUR: at the day's rate they are 162.00 USD"
    lines = proposals.allocations.sort("item_id").select("item_id", "amount", "receipt_amount", "kind").rows()
    assert lines == [("E:c1:FA-20260001", 10_000, 10_800, "cash"), ("E:c1:FA-20260002", 5_000, 5_400, "cash")]


@pytest.mark.parametrize(("amount", "decision", "confidence"), [(16_100, "review", 0.93), (15_800, "review", 0.8)])
def test_what_the_bank_took_is_said(amount: int, decision: str, confidence: float) -> None:
    proposals = found(amount)
    row = proposals.decisions.row(0, named=True)
    assert (row["decision"], row["confidence"]) == (decision, confidence)
    assert "less came: the bank's rate or its fees" in row["reason"]
    assert proposals.allocations["receipt_amount"].sum() == amount


@pytest.mark.parametrize("amount", [15_000, 17_500])
def test_another_worth_is_no_payment_of_it(amount: int) -> None:
    assert found(amount).decisions.row(0, named=True)["rule"] == "other_currency"
    assert found(amount).allocations.is_empty()


def test_without_a_rate_of_the_day_nothing_is_said() -> None:
    old = [{"currency": "USD", "on": DAY, "rate": 1.08}]
    for rates in ([], old, [{"currency": "GBP", "on": DAY + timedelta(days=39), "rate": 0.85}]):
        assert found(16_200, rates).decisions["decision"].item() == "none"


def test_yen_have_no_cents() -> None:
    rates = [{"currency": "JPY", "on": DAY + timedelta(days=40), "rate": 160.0}]
    of = book([item("FA-20260001", 10_000)], [receipt("r", 16_000, "FA-20260001", currency="JPY")], rates=rates)
    assert propose(of, LATE).allocations.select("amount", "receipt_amount").rows() == [(10_000, 16_000)]


def test_an_item_is_closed_once() -> None:
    receipts = [receipt(name, 10_800, "FA-20260001", currency="USD") for name in ("r1", "r2")]
    proposals = propose(book([item("FA-20260001", 10_000)], receipts, rates=_USD), LATE)
    assert proposals.allocations["receipt_id"].to_list() == ["r1"]
    assert dict(proposals.decisions.select("receipt_id", "decision").iter_rows()) == {"r1": "review", "r2": "none"}
    assert pl.Series(proposals.decisions["reason"]).is_not_null().all()
