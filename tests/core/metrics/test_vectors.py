"""Every worked example of the handbook's key figures, and the outside ones it quotes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.metrics import cei, concentration, dso, lateness
from encours.core.metrics.consolidate import consolidate
from encours.core.metrics.exposure import exposure

# AR 250; sales with tax Dec 120, Nov 100, Oct 90 (310 in 92 days); not due 180; opening 240.
AR, SALES, CURRENT, OPENING = 250, 310, 180, 240


def test_dso_of_the_handbook() -> None:
    simple, best = dso.dso_simple(AR, SALES, 92), dso.dso_best_possible(CURRENT, SALES, 92)
    assert simple == pytest.approx(74.2, abs=0.05)
    assert dso.dso_countback(AR, [(120, 31), (100, 30), (90, 31)]) == pytest.approx(71.3, abs=0.05)
    assert best == pytest.approx(53.4, abs=0.05)
    assert dso.average_days_delinquent(simple, best) == pytest.approx(20.8, abs=0.05)
    assert cei.collection_effectiveness(OPENING, SALES, AR, CURRENT) == pytest.approx(0.811, abs=0.0005)
    assert lateness.share_overdue(AR - CURRENT, AR) == pytest.approx(0.28)
    assert dso.cash_effect(1_240, 5) == pytest.approx(17.0, abs=0.05)


def test_outside_vectors() -> None:
    assert dso.dso_countback(2_500, [(1_200, 30), (800, 31), (700, 30)]) == pytest.approx(82.4, abs=0.05)
    assert dso.average_days_delinquent(45, 12) == 33
    assert dso.dso_simple(472, 2_400 + 470.4, 365) == pytest.approx(60, abs=0.05)
    assert cei.collection_effectiveness(6_200, 3_630, 6_340, 3_590) == pytest.approx(0.559, abs=0.0005)


def test_days_late_weighted_by_amount() -> None:
    due = date(2026, 1, 10)
    paid = pl.DataFrame(
        {
            "amount": [10_000, 5_000, 1_000],
            "due_on": [due] * 3,
            "paid_on": [date(2026, 1, 15), date(2026, 1, 30), date(2026, 1, 8)],
        }
    )
    assert lateness.days_late(paid) == pytest.approx((9.25, 23 / 3))
    assert lateness.days_late(paid.clear()) is None


def test_what_is_not_computable_is_none_never_zero() -> None:
    assert dso.dso_simple(AR, 0, 92) is None
    assert dso.dso_countback(AR, [(120, 31), (100, 30)]) is None
    assert dso.dso_countback(AR, []) is None
    assert dso.dso_countback(0, []) == 0
    assert dso.dso_countback(220, [(120, 31), (100, 30)]) == 61
    assert dso.average_days_delinquent(None, 3) is None
    assert cei.collection_effectiveness(0, 0, 0, 0) is None
    assert lateness.share_overdue(0, 0) is None
    assert concentration.top_share(pl.Series([-5, 0])) is None
    assert concentration.herfindahl(pl.Series([], dtype=pl.Int64)) is None


def test_concentration() -> None:
    owed = pl.Series([60, 30, 10, -40])
    assert concentration.top_share(owed, 1) == pytest.approx(0.6)
    assert concentration.top_share(owed) == 1
    assert concentration.herfindahl(owed) == pytest.approx(0.36 + 0.09 + 0.01)


def exposed_book() -> Book:
    """Invoices 80 and one of 10 under a draft, delivered 5, orders 30, drafts 25, advance 4; limit 120."""
    day = date(2026, 3, 31)
    items = [("I1", "invoice", 80), ("I2", "invoice", 10), ("I3", "down_payment", -3)]
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"]}),
        customers=pl.DataFrame(
            {"customer_id": ["C", "D"], "entity_id": "E", "name": "x", "kind": "business", "credit_limit": [120, None]}
        ),
        items=pl.DataFrame(
            [(name, "E", "C", name, kind, day, day, amount, "EUR") for name, kind, amount in items],
            schema=[
                "item_id",
                "entity_id",
                "customer_id",
                "number",
                "kind",
                "issued_on",
                "due_on",
                "amount",
                "currency",
            ],
            orient="row",
        ),
        receipts=pl.DataFrame(
            [("R", "E", "FR76", day, 1, "EUR", "transfer", "bank", "C")],
            schema=[
                "receipt_id",
                "entity_id",
                "account",
                "booked_on",
                "amount",
                "currency",
                "kind",
                "origin",
                "customer_id",
            ],
            orient="row",
        ),
        orders=pl.DataFrame(
            [("O1", "E", "C", 30, "EUR", day, "open"), ("O2", "E", "C", 99, "EUR", day, "invoiced")],
            schema=["order_id", "entity_id", "customer_id", "amount", "currency", "ordered_on", "status"],
            orient="row",
        ),
        instruments=pl.DataFrame(
            [
                ("L1", "C", "lcr", 10, "EUR", day, "accepted", day),
                ("L2", "C", "bor", 15, "EUR", day, "discounted", day),
                ("L3", "C", "lcr", 77, "EUR", day, "paid", day),
                ("Q", "D", "cheque", 7, "USD", day, "presented", day),
            ],
            schema=["instrument_id", "customer_id", "kind", "amount", "currency", "due_on", "state", "state_on"],
            orient="row",
        ),
        instrument_items=pl.DataFrame({"instrument_id": ["L1"], "item_id": ["I2"], "amount": [10]}),
    )


def test_exposure_of_the_handbook_beside_its_limit() -> None:
    delivered = pl.DataFrame({"customer_id": ["C"], "currency": ["EUR"], "amount": [5]})
    first, second = exposure(exposed_book(), delivered).to_dicts()
    parts = {"invoices": 80, "delivered": 5, "orders": 30, "drafts": 25, "cheques": 0, "credits": -3, "unapplied": -1}
    assert {name: first[name] for name in parts} == parts
    assert (first["exposure"], first["credit_limit"], first["headroom"], first["over_limit"]) == (136, 120, -16, True)
    # A cheque in hand is money to come; another currency has no limit of its own.
    assert (second["customer_id"], second["cheques"], second["credit_limit"], second["over_limit"]) == (
        "D",
        7,
        None,
        False,
    )


def test_one_currency_at_the_days_rate_or_none_at_all() -> None:
    day = date(2026, 3, 31)
    frame = pl.DataFrame(
        {"currency": ["EUR", "USD", "JPY"], "total": [100, 250, 1_000], "customer_id": ["A", "B", "C"]}
    )
    rates = pl.DataFrame(
        [("USD", date(2026, 3, 30), 1.25), ("USD", date(2026, 4, 1), 9.0), ("JPY", day, 160.0)],
        schema=["currency", "on", "rate"],
        orient="row",
    )
    found = consolidate(frame, ["total"], rates, day)
    assert found.frame is not None
    assert found.frame["total"].to_list() == [100, 200, 625]
    assert found.frame["currency"].unique().to_list() == ["EUR"]
    in_dollars = consolidate(frame, ["total"], rates, day, "USD")
    assert in_dollars.frame is not None
    assert in_dollars.frame["total"].to_list() == [125, 250, 781]
    missing = consolidate(frame, ["total"], rates.filter(pl.col("currency") == "USD"), day)
    assert missing.frame is None
    assert missing.reason == "No rate up to 2026-03-31 for JPY."
