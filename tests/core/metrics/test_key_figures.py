"""Key figures of a whole Book: the handbook's company from its items and receipts, and books that know too little."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.metrics.key_figures import key_figures, monthly_series

END = date(2025, 12, 31)
ITEMS = ["item_id", "number", "kind", "issued_on", "due_on", "amount"]


def company(items: list[tuple[str, str, date, date, int]], paid: list[tuple[str, date]]) -> Book:
    """One customer's items and the payments that settle some of them whole."""
    amounts = {row[0]: row[4] for row in items}
    frame = pl.DataFrame(
        [(name, name, kind, issued, due, amount) for name, kind, issued, due, amount in items],
        schema=ITEMS,
        orient="row",
    )
    constant = {"entity_id": pl.lit("E"), "customer_id": pl.lit("E:C"), "currency": pl.lit("EUR")}
    receipts = [("R" + name, "E", "FR76", on, amounts[name], "EUR", "transfer", "bank", "E:C") for name, on in paid]
    letters = [("A" + name, "R" + name, name, amounts[name], "cash", on, "letter") for name, on in paid]
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"]}),
        customers=pl.DataFrame({"customer_id": ["E:C"], "entity_id": ["E"], "name": ["x"], "kind": ["business"]}),
        items=frame.with_columns(**constant),
        receipts=pl.DataFrame(
            receipts,
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
            schema_overrides={"amount": pl.Int64, "booked_on": pl.Date},
        ),
        allocations=pl.DataFrame(
            letters,
            schema=["allocation_id", "receipt_id", "item_id", "amount", "kind", "allocated_on", "source"],
            orient="row",
            schema_overrides={"amount": pl.Int64, "allocated_on": pl.Date},
        ),
    )


def handbook_company() -> Book:
    """Opening 240, October 90, November 100, December 120, 300 paid; 250 is left, 180 of it not due."""
    return company(
        [
            ("old", "invoice", date(2025, 9, 1), date(2025, 10, 1), 240),
            ("oct", "invoice", date(2025, 10, 5), date(2025, 11, 5), 60),
            ("oct2", "invoice", date(2025, 10, 6), date(2025, 11, 15), 30),
            ("nov", "invoice", date(2025, 11, 5), date(2025, 12, 5), 40),
            ("nov2", "invoice", date(2025, 11, 20), date(2026, 1, 5), 60),
            ("dec", "invoice", date(2025, 12, 10), date(2026, 1, 10), 120),
        ],
        [("old", date(2025, 10, 21)), ("oct", date(2025, 11, 1))],
    )


def test_the_handbooks_company() -> None:
    found = key_figures(handbook_company(), END, "EUR")
    expected = {
        "outstanding": 250,
        "not_due": 180,
        "overdue": 70,
        "share_overdue": 0.28,
        "dso_simple": 250 / 310 * 92,
        "dso_countback": 31 + 30 + 30 / 90 * 31,
        "dso_best_possible": 180 / 310 * 92,
        "add": 70 / 310 * 92,
        "cei": 300 / 370,
        "top_10_share": 1,
        "unapplied": 0,
        "days_late_weighted": (240 * 20 + 60 * -4) / 300,
        "days_late_mean": 8,
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found["cei"].record()["scope"] == found["cei"].scope.sentence()


def test_without_a_sales_history_nothing_is_made_up() -> None:
    book = handbook_company()
    snapshot = book.replace(items=book.open_items().filter(pl.col("open") > 0), allocations=book.allocations.clear())
    snapshot = snapshot.replace(receipts=book.receipts.clear())
    found = key_figures(snapshot, END, "EUR")
    assert found["outstanding"].value == 250
    for name in ("dso_simple", "dso_countback", "dso_best_possible", "add", "cei"):
        assert found[name].value is None
        assert "no sales history" in str(found[name].reason), name
        assert "not_computable" in found[name].record()
    assert found["days_late_weighted"].reason == "Nothing was paid in the last twelve months."


def test_a_history_that_is_too_short_says_since_when() -> None:
    late = company(
        [
            (
                "nov",
                "invoice",
                date(2025, 11, 9),
                date(2025, 12, 5),
                40,
            ),  # not from the month's first days: half a month
            ("dec", "invoice", date(2025, 12, 10), date(2026, 1, 10), 120),
        ],
        [("nov", date(2025, 12, 5))],
    )
    found = key_figures(late, END, "EUR")
    assert found["dso_simple"].reason == "Sales are known since 2025-12-01; the last three months begin on 2025-10-01."
    assert found["dso_countback"].value == 31
    more = key_figures(late, date(2025, 12, 4), "EUR")
    assert "no sales history" in str(more["dso_countback"].reason)


def test_more_owed_than_sold_is_not_computable() -> None:
    book = company(
        [
            ("opening", "opening", date(2025, 8, 1), date(2025, 9, 1), 900),
            ("oct", "invoice", date(2025, 10, 1), date(2025, 11, 5), 60),
        ],
        [("oct", date(2025, 11, 1))],
    )
    found = key_figures(book, END, "EUR")
    assert found["dso_countback"].reason == "More is owed than was sold since 2025-10-01."
    assert found["dso_simple"].value == pytest.approx(900 / 60 * 92)


def test_monthly_series() -> None:
    series = monthly_series(handbook_company(), END, "EUR", months=4)
    assert series["on"].to_list() == [date(2025, 9, 30), date(2025, 10, 31), date(2025, 11, 30), END]
    assert series["outstanding"].to_list() == [240, 90, 130, 250]
    assert series["sales"].to_list() == [240, 90, 100, 120]
    assert series["dso_simple"].to_list()[:2] == [None, None]
    assert series["dso_countback"][3] == pytest.approx(71.333, abs=0.001)
    assert series["share_overdue"][3] == pytest.approx(0.28)
