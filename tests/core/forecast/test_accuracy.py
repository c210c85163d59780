"""What came of forecasts: reckoned by hand on two invoices."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from encours.core.forecast import accuracy, forecast
from encours.core.forecast.accuracy import ACCURACY_SCHEMA, came, naive, own_medians, said
from tests.core.forecast.books import AS_OF, book_of, company, item, on, opened, spread_of, usual


def test_errors_biases_and_coverage_by_hand() -> None:
    """100 is said for week 1 and comes in week 2; 60 is said for week 1 and 50 of it comes then."""
    items = [item("I", "A", 100_00, 3), item("J", "B", 60_00, 3)]
    letters = [
        {"item_id": "I", "amount": 100_00, "allocated_on": on(9)},
        {"item_id": "J", "amount": 50_00, "allocated_on": on(4)},
    ]
    book = book_of(items, letters)
    found = forecast(book, AS_OF, opened(book), spread_of({"I": [(4, 1, 1.0)], "J": [(5, 1, 1.0)]}), weeks=3)
    told = accuracy(said(found.weeks, AS_OF), came(book, AS_OF, found.items, on(21), 3), on(21))
    assert told.schema == ACCURACY_SCHEMA
    total = {row["week"]: row for row in told.filter(level="total").iter_rows(named=True)}
    assert total[1]["came"] == 50_00
    assert total[1]["wape"] == pytest.approx(110 / 50)
    assert total[2]["bias"] == pytest.approx(-1.0)
    assert total[3]["wape"] is None
    assert [total[week]["coverage"] for week in (1, 2, 3)] == [0, 0, 1]
    assert total[None]["wape"] == pytest.approx(210 / 150)
    assert total[None]["bias"] == pytest.approx(10 / 150)
    each = told.filter((pl.col("level") == "customers") & pl.col("week").is_null()).row(0, named=True)
    assert (each["judged"], each["came"]) == (6, 150_00)
    assert each["coverage"] == pytest.approx(3 / 6)


def test_weeks_that_are_not_over_are_not_judged() -> None:
    book = book_of([item("I", "A", 100_00, 3)])
    found = forecast(book, AS_OF, opened(book), spread_of({"I": [(4, 1, 1.0)]}), weeks=3)
    told = accuracy(said(found.weeks, AS_OF), came(book, AS_OF, found.items, on(13), 3), on(13))
    assert told["week"].drop_nulls().unique().to_list() == [1]


def test_the_naive_forecasts_are_the_due_date_and_the_own_median() -> None:
    items = [item(f"P{n}", "A", 10_00, -60 + n) for n in range(3)]
    letters = [
        {"item_id": f"P{n}", "amount": 10_00, "allocated_on": on(-60 + n + late)} for n, late in enumerate((8, 9, 30))
    ]
    items += [item("I", "A", 100_00, 3), item("late", "A", 40_00, -20), item("J", "B", 60_00, 3)]
    book = book_of(items, letters)
    assert dict(own_medians(book.as_of(AS_OF)).select("customer_id", "own_median").iter_rows()) == {"A": 9, "B": None}
    found = forecast(book, AS_OF, opened(book), spread_of({}), weeks=3)
    rows = naive(book, AS_OF, found.items, 3).filter(pl.col("customer_id").is_not_null())
    weeks = {
        (name, who, (day - AS_OF).days // 7 + 1): money
        for name, who, day, money in rows.select("forecaster", "customer_id", "week_start", "mean").iter_rows()
    }
    assert weeks == {
        ("due_date", "A", 1): 140_00, ("due_date", "B", 1): 60_00,
        ("own_median", "A", 2): 100_00, ("own_median", "A", 1): 40_00, ("own_median", "B", 2): 60_00,
    }  # fmt: skip


def test_forecast_and_naive_ones_are_judged_on_the_same_cells() -> None:
    book, day = company()
    items = opened(book, day)
    found = forecast(book, day, items, usual(items, day))
    until = day + timedelta(days=28)
    told = pl.concat([said(found.weeks, day), naive(book, day, found.items, 13)])
    rows = accuracy(told, came(book, day, found.items, until, 13), until)
    counts = (
        rows.filter(pl.col("week").is_null())
        .group_by("level")
        .agg(pl.col("judged").n_unique(), pl.col("came").n_unique())
    )
    assert counts["judged"].to_list() == counts["came"].to_list() == [1, 1]
    assert (
        rows.filter(pl.col("forecaster") != "forecast")["coverage"].null_count()
        == rows.filter(pl.col("forecaster") != "forecast").height
    )
