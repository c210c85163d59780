"""The forecast: means as the oracle has them, sums that are exact, ranges that hold, nothing of the future."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.forecast import Forecast, Scenario, forecast, rules
from encours.core.forecast.invoicing import _forecast, pasts
from tests.core.forecast import oracle
from tests.core.forecast.books import AS_OF, Row, book_of, company, item, on, opened, spread_of, usual

_TABLES = ("weeks", "outlook", "days", "items", "left_out", "orders")


def _made(book: Book, spread: pl.DataFrame, weeks: int = 13, scenario: Scenario | None = None) -> Forecast:
    return forecast(book, AS_OF, opened(book), spread, weeks=weeks, scenario=scenario)


def _of_items(found: Forecast, weeks: int) -> dict[str, list[int]]:
    starts = [on(1 + 7 * week) for week in range(weeks)]
    told: dict[str, list[int]] = {}
    for name, start, money in found.items.select("item_id", "week_start", "expected").iter_rows():
        told.setdefault(name, [0] * (weeks + 1))[weeks if start is None else starts.index(start)] = money
    return told


_ROWS = st.lists(st.tuples(st.integers(-5, 120), st.integers(1, 30), st.integers(0, 25)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**9), _ROWS), min_size=1, max_size=6), st.integers(1, 20))
def test_expected_money_is_the_oracles(drawn: list[tuple[int, list[tuple[int, int, int]]]], weeks: int) -> None:
    items = [item(f"I{n}", f"C{n % 2}", amount, 10 * n - 20) for n, (amount, _) in enumerate(drawn)]
    rows: dict[str, list[Row]] = {
        f"I{n}": [(first, days, share / 100) for first, days, share in part] for n, (_, part) in enumerate(drawn)
    }
    found = _made(book_of(items), spread_of(rows), weeks)
    amounts = {f"I{n}": amount for n, (amount, _) in enumerate(drawn)}
    told = _of_items(found, weeks)
    exact = oracle.expected(amounts, spread_of(rows).iter_rows(), AS_OF, weeks)
    for name, amount in amounts.items():
        assert sum(told[name]) == amount
        for said, truth in zip(told[name], exact[name], strict=True):
            assert abs(said - truth) <= 1 + amount * Fraction(1, 10**12)
    totals = found.weeks.filter(pl.col("customer_id").is_null())
    assert totals["mean"].to_list() == [sum(part[week] for part in told.values()) for week in range(weeks)]


def test_the_order_of_rows_says_nothing() -> None:
    book, day = company()
    items = opened(book, day)
    found = forecast(book, day, items, usual(items, day))
    mixed = {name: frame.sample(fraction=1, shuffle=True, seed=7) for name, frame in book.tables().items()}
    shuffled = usual(items, day).sample(fraction=1, shuffle=True, seed=8)
    again = forecast(Book.of(**mixed), day, items.sample(fraction=1, shuffle=True, seed=9), shuffled)
    for name in _TABLES:
        assert getattr(found, name).equals(getattr(again, name)), name
    assert found.shares == pytest.approx(again.shares)


def test_nothing_of_the_future_is_looked_at() -> None:
    book, day = company()
    items = opened(book, day)
    later = pl.col("allocated_on") > day
    letters = book.allocations.with_columns(
        allocated_on=pl.when(later)
        .then(pl.col("allocated_on").shuffle(3).clip(day + timedelta(days=1)))
        .otherwise("allocated_on")
    )
    new = pl.col("issued_on") > day
    invoices = book.items.with_columns(amount=pl.when(new).then(pl.col("amount") * 3 + 17).otherwise("amount"))
    changed = book.replace(allocations=letters, items=invoices)
    assert not changed.allocations.equals(book.allocations)
    found, again = (forecast(of, day, items, usual(items, day)) for of in (book, changed))
    for name in _TABLES:
        assert getattr(found, name).equals(getattr(again, name)), name
    assert found.shares == again.shares


def test_the_same_call_gives_the_same_and_another_seed_other_draws() -> None:
    book, day = company()
    items = opened(book, day)
    first, again = (forecast(book, day, items, usual(items, day)) for _ in range(2))
    other = forecast(book, day, items, usual(items, day), seed=1)
    assert first.weeks.equals(again.weeks)
    assert first.weeks["mean"].equals(other.weeks["mean"])
    assert not first.weeks["p10"].equals(other.weeks["p10"])


def test_what_falls_due_on_one_day_moves_together() -> None:
    """Forty invoices, each paid this week or next: of one payer and day they spread further than of forty payers."""

    def width(customer: str) -> int:
        items = [item(f"I{n}", customer.format(n), 100_00, 3) for n in range(40)]
        rows: dict[str, list[Row]] = {f"I{n}": [(4, 1, 0.5), (11, 1, 0.5)] for n in range(40)}
        first = _made(book_of(items), spread_of(rows)).weeks.filter(pl.col("customer_id").is_null()).row(0, named=True)
        assert first["mean"] == 2000_00
        return int(first["p90"] - first["p10"])

    alone, together = width("C{}"), width("C")
    # Forty coins: 1.28 standard deviations on each side are 8 of them.
    assert 600_00 <= alone <= 1200_00
    assert together > 1.5 * alone


def test_a_range_holds_most_of_what_may_come_and_says_something() -> None:
    rows: dict[str, list[Row]] = {"sure": [(3, 1, 0.85), (10, 1, 0.15)], "open": [(3, 1, 0.5), (10, 1, 0.5)]}
    book = book_of([item("sure", "A", 500_00, 3), item("open", "B", 500_00, 3)])
    weeks = _made(book, spread_of(rows)).weeks.filter(week_start=on(1))
    said = {row["customer_id"]: (row["p10"], row["p50"], row["p90"]) for row in weeks.iter_rows(named=True)}
    assert said["A"] == (500_00, 500_00, 500_00)
    assert (said["B"][0], said["B"][2]) == (0, 500_00)


def test_the_first_days_are_the_first_weeks() -> None:
    book, day = company()
    items = opened(book, day)
    found = forecast(book, day, items, usual(items, day))
    assert found.days.height == 14
    by_day = found.days["mean"].to_list()
    by_week = found.weeks.filter(pl.col("customer_id").is_null())["mean"].to_list()
    assert [sum(by_day[:7]), sum(by_day[7:])] == by_week[:2]


def test_factored_items_are_left_out_until_they_come_back() -> None:
    items = [item(name, "A", 100_00, 5) for name in ("F", "G", "H")]
    told = [("F", "factor:assigned", -5), ("G", "factor:assigned", -5), ("G", "factor:returned", -1)]
    events = pl.DataFrame(
        {"subject": "item", "subject_id": [name for name, _, _ in told], "kind": [kind for _, kind, _ in told],
         "on": [on(n) for _, _, n in told]}
    )  # fmt: skip
    book = book_of(items, events=events)
    found = _made(book, usual(opened(book)))
    assert found.left_out.select("item_id", "reason", "amount").rows() == [("F", "factored", 100_00)]
    assert found.items["expected"].sum() == 200_00


def test_a_whole_account_that_is_sold_is_left_out() -> None:
    items = [item("F", "A", 100_00, 5), item("G", "B", 100_00, 5)]
    told = {"subject": ["customer"], "subject_id": ["A"], "kind": ["factor:assigned"], "on": [on(-5)]}
    book = book_of(items, events=pl.DataFrame(told))
    found = _made(book, usual(opened(book)))
    assert found.left_out.select("item_id", "reason", "amount").rows() == [("F", "factored", 100_00)]


def test_credits_and_money_that_is_there_cover_what_is_due_first() -> None:
    items = [item("I1", "A", 100_00, 1), item("I2", "A", 100_00, 9), item("I3", "B", 100_00, 9)]
    items.append(item("N", "A", -130_00, 0, kind="credit_note"))
    receipts = pl.DataFrame(
        {"receipt_id": ["R"], "entity_id": "E", "account": "512", "booked_on": [on(-1)], "amount": [20_00],
         "currency": "EUR", "kind": "transfer", "origin": "bank", "customer_id": ["A"]}
    )  # fmt: skip
    book = book_of(items, receipts=receipts)
    found = _made(book, usual(opened(book)))
    assert found.left_out.select("item_id", "reason", "amount").rows() == [
        ("I1", "credit", 100_00), ("I2", "credit", 30_00), ("I2", "received", 20_00),
    ]  # fmt: skip
    sums = dict(found.items.group_by("item_id").agg(pl.col("expected").sum()).iter_rows())
    assert sums == {"I2": 50_00, "I3": 100_00}


def test_what_is_probably_paid_is_not_expected_again() -> None:
    """B pays for A: its 100 fit I2, which the predictions say; I3 is proposed for money whose sender is unknown."""
    items = [item("I1", "A", 100_00, -9), item("I2", "A", 100_00, 9), item("I3", "C", 70_00, 9)]
    receipts = pl.DataFrame(
        {"receipt_id": ["R"], "entity_id": "E", "account": "512", "booked_on": [on(-1)], "amount": [100_00],
         "currency": "EUR", "kind": "transfer", "origin": "bank", "customer_id": ["B"]}
    )  # fmt: skip
    links = pl.DataFrame({"customer_id": ["A"], "other_id": ["B"], "role": ["payer"]})
    names = pl.Series("customer_id", ["A", "B", "C"])
    customers = pl.DataFrame({"customer_id": names, "name": names}).with_columns(kind=pl.lit("business"))
    book = book_of(items, receipts=receipts, customer_links=links, customers=customers)
    predicted = opened(book).with_columns(
        payer_id=pl.col("customer_id").replace("A", "B"),
        shift=pl.when(pl.col("item_id") != "I1").then(pl.lit("probably_paid")),
    )
    found = forecast(book, AS_OF, predicted, usual(predicted))
    assert found.left_out.select("item_id", "reason", "amount").rows() == [
        ("I2", "received", 100_00), ("I3", "received", 70_00),
    ]  # fmt: skip
    assert found.items["item_id"].unique().to_list() == ["I1"]


def test_an_item_without_a_distribution_is_not_expected() -> None:
    book = book_of([item("I1", "A", 100_00, 1), item("I2", "A", 100_00, 9)])
    found = _made(book, spread_of({"I1": [(2, 1, 1.0)]}))
    later = found.items.filter(pl.col("week_start").is_null())
    assert later.select("item_id", "expected").rows() == [("I2", 100_00)]


def test_an_empty_book_has_an_empty_forecast() -> None:
    book = book_of([item("I1", "A", 100_00, 1)])
    nothing = opened(book).clear()
    found = forecast(book, AS_OF, nothing, spread_of({}))
    assert found.weeks.is_empty()
    assert found.items.is_empty()


def test_wrong_calls_are_told() -> None:
    book = book_of([item("I1", "A", 100_00, 1)])
    with pytest.raises(CallError, match="between 1 and 52"):
        _made(book, spread_of({}), weeks=53)
    with pytest.raises(CallError, match="sum to more than 1"):
        _made(book, spread_of({"I1": [(1, 1, 0.7), (2, 1, 0.7)]}))
    with pytest.raises(CallError, match="not one of all_later, customer_later"):
        _made(book, spread_of({}), scenario=Scenario("rain"))
    with pytest.raises(CallError, match=r"no customer is named; .* not 0"):
        _made(book, spread_of({}), scenario=Scenario("customer_later"))


def test_scenarios_move_or_take_away_money() -> None:
    items = [item("I1", "A", 100_00, 1), item("I2", "B", 900_00, 1)]
    book = book_of(items)
    spread = spread_of({"I1": [(2, 1, 1.0)], "I2": [(3, 1, 1.0)]})

    def weeks(asked: Scenario | None) -> list[int]:
        found = _made(book, spread, scenario=asked)
        return found.weeks.filter(pl.col("customer_id").is_null())["mean"].to_list()[:4]

    assert weeks(None) == [1000_00, 0, 0, 0]
    assert weeks(Scenario("customer_later", customer_id="A", days=15)) == [900_00, 0, 100_00, 0]
    assert weeks(Scenario("largest_later", days=7)) == [0, 1000_00, 0, 0]
    assert weeks(Scenario("all_later", days=14)) == [0, 0, 1000_00, 0]
    assert weeks(Scenario("customer_lost", customer_id="B")) == [100_00, 0, 0, 0]
    assert [rule.name for rule in rules()] == ["customer_later", "largest_later", "customer_lost", "all_later"]


def test_expected_invoices_follow_the_past() -> None:
    book, day = company()
    items = opened(book, day)
    found = forecast(book, day, items, usual(items, day))
    rows = found.outlook.filter(source="expected_invoices")
    paid = book.allocations.filter(pl.col("allocated_on").is_between(day - timedelta(days=182), day))["amount"].sum()
    weekly = paid / 26
    # After seven weeks all the money of a week is of invoices that are not written yet.
    later = rows.filter(pl.col("week_start") > day + timedelta(days=49))
    assert np.mean(later["mean"].to_list()) == pytest.approx(weekly, rel=0.15)
    assert rows["mean"][0] < 0.1 * weekly
    assert np.mean(later["p10"].to_list()) < weekly < np.mean(later["p90"].to_list())
    total = found.outlook.filter(source="total")["mean"]
    parts = found.outlook.filter(pl.col("source") != "total").group_by("week_start").agg(pl.col("mean").sum())
    assert total.to_list() == parts.sort("week_start")["mean"].to_list()


def test_two_years_are_known_whatever_weekday_they_end_on() -> None:
    """A book that writes invoices from Monday to Friday, twice as much in June, for three years."""
    days = [AS_OF - timedelta(days=n) for n in range(3 * 365)]
    items = [
        {"item_id": f"I{n}", "customer_id": "A", "amount": 200_00 if day.month == 6 else 100_00, "issued_on": day,
         "due_on": day + timedelta(days=30)}
        for n, day in enumerate(days)
        if day.weekday() < 5
    ]  # fmt: skip
    book = book_of(items)
    for back in range(7):
        day = date(2025, 5, 30) - timedelta(days=back)
        past = dict(pasts(book.as_of(day), day))["E", "EUR"]
        assert len(past.amount) == 7 * 104, day
        weekly = _forecast(past, 21).reshape(-1, 7).sum(axis=1)
        assert weekly[2] > 1.5 * past.amount[-28:-7].sum() / 3, "June is seen to come"
    thin = book_of([items[0], items[-1]])
    assert len(dict(pasts(thin, AS_OF))["E", "EUR"].amount) == 7 * 104


def test_a_young_book_says_that_new_invoices_are_not_forecast() -> None:
    found = _made(book_of([item("I1", "A", 100_00, 1)]), spread_of({"I1": [(2, 1, 1.0)]}))
    assert found.issues["code"].to_list() == ["invoicing_unknown"]
    assert found.outlook.filter(source="expected_invoices")["p90"].sum() == 0


def _orders(rows: list[tuple[str, str, int, str, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (name, "E", customer, amount, "EUR", on(-10), status, None if day is None else on(day))
            for name, customer, amount, status, day in rows
        ],
        schema={
            "order_id": pl.String, "entity_id": pl.String, "customer_id": pl.String, "amount": pl.Int64,
            "currency": pl.String, "ordered_on": pl.Date, "status": pl.String, "invoice_on": pl.Date,
        },
        orient="row",
    )  # fmt: skip


def test_orders_are_paid_by_the_terms_and_the_habit() -> None:
    """A's invoices have 30 days and are paid 5 days late; an order to be invoiced on day 10 is due on day 40."""
    items = [item(f"I{n}", "A", 100_00, -60 - 7 * n) for n in range(40)]
    letters = [{"item_id": f"I{n}", "amount": 100_00, "allocated_on": on(-55 - 7 * n)} for n in range(40)]
    orders = _orders([("O", "A", 1000_00, "open", 10), ("B", "A", 500_00, "blocked", 10), ("X", "A", 9, "invoiced", 1)])
    book = book_of(items, letters, orders=orders)
    found = _made(book, spread_of({}))
    told = {row["order_id"]: row for row in found.orders.iter_rows(named=True)}
    assert set(told) == {"O", "B"}
    assert (told["O"]["invoice_on"], told["O"]["due_on"], told["O"]["reason"]) == (on(10), on(40), None)
    assert abs((told["O"]["expected_on"] - on(45)).days) <= 4
    assert (told["B"]["counted"], told["B"]["reason"]) == (0, "blocked")
    rows = found.outlook.filter(source="orders")
    assert 0.9 * 1000_00 < rows["mean"].sum() <= told["O"]["counted"] + 1
    # Day 45 and the six days after it are weeks 7 and 8.
    assert rows["mean"].to_list()[6] + rows["mean"].to_list()[7] > 0.95 * rows["mean"].sum()


def test_an_order_without_a_day_takes_as_long_as_usual() -> None:
    orders = _orders([(f"O{n}", "A", 100_00, "invoiced", 10) for n in range(5)] + [("N", "A", 100_00, "open", None)])
    book = book_of([item("I1", "A", 100_00, 1)], orders=orders)
    told = _made(book, spread_of({"I1": [(2, 1, 1.0)]})).orders.row(0, named=True)
    assert told["invoice_on"] == on(10)
    assert told["counted"] == round(100_00 * (1 - 20 * 0.03 / 25))


def _by_source(asked: Scenario | None, orders: pl.DataFrame) -> dict[str, list[int]]:
    book, day = company()
    items = opened(book, day)
    found = forecast(book.replace(orders=orders), day, items, usual(items, day), scenario=asked)
    rows = found.outlook.group_by("source", maintain_order=True).agg("mean")
    return {str(source): mean for source, mean in rows.iter_rows()}


def test_a_default_takes_the_customers_invoices_to_come_as_well() -> None:
    _, day = company()
    orders = _orders([("O", "C3", 2_000_000, "open", 0)]).with_columns(
        ordered_on=pl.lit(day - timedelta(days=10)), invoice_on=pl.lit(day + timedelta(days=3))
    )
    usually = _by_source(None, orders)
    lost = _by_source(Scenario("customer_lost", customer_id="C3"), orders)
    assert sum(lost["orders"]) == 0
    assert all(now <= before for now, before in zip(lost["total"], usually["total"], strict=True))
    # Eight customers invoiced alike: one in eight is gone, of what no order stands for.
    share = sum(lost["expected_invoices"]) / sum(usually["expected_invoices"])
    assert 0.8 <= share <= 0.95
    without = _by_source(Scenario("customer_lost", customer_id="C3"), orders.clear())
    assert sum(without["expected_invoices"]) / sum(_by_source(None, orders.clear())["expected_invoices"]) == (
        pytest.approx(7 / 8, abs=0.05)
    )


def test_who_pays_later_pays_invoices_to_come_later() -> None:
    none = _orders([])
    usually = _by_source(None, none)["expected_invoices"]
    later = _by_source(Scenario("all_later", days=14), none)["expected_invoices"]
    assert later[:2] == [0, 0]
    assert later[2:] == pytest.approx(usually[:-2], rel=1e-6, abs=2)
    one = _by_source(Scenario("customer_later", customer_id="C3", days=14), none)["expected_invoices"]
    assert sum(later) < sum(one) < sum(usually)
