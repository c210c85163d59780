"""Each figure of a payer on a small book whose figure can be worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.behaviour import know_payers, predict, study
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.history import history
from encours.core.behaviour.naming import Profile
from encours.core.behaviour.profile import profiled
from encours.core.behaviour.profiles import named
from tests.core.behaviour.books import book_of, day


def _invoice(name: str, due: date, amount: int = 100_000, customer: str = "C") -> dict[str, Any]:
    return {"item_id": name, "customer_id": customer, "issued_on": due - timedelta(days=14), "due_on": due,
            "amount": amount}  # fmt: skip


def _paid(name: str, on: date, amount: int = 100_000, **more: object) -> dict[str, Any]:
    return {"item_id": name, "amount": amount, "allocated_on": on, **more}


def _late_by(delays: list[int], every: int = 7, amounts: list[int] | None = None) -> Book:
    """Invoices due every `every` days, each paid so many days late."""
    sums = amounts or [100_000] * len(delays)
    dues = [day(14 + n * every) for n in range(len(delays))]
    items = [_invoice(f"F{n}", due, sums[n]) for n, due in enumerate(dues)]
    return book_of(items, [_paid(f"F{n}", due + timedelta(days=delays[n]), sums[n]) for n, due in enumerate(dues)])


def _figures(book: Book, as_of: date) -> dict[str, Any]:
    return payer_figures(book, history(book, as_of), as_of).row(0, named=True)


def test_who_pays_on_the_10th_the_20th_and_the_last_day_has_these_run_days() -> None:
    ends = [date(2025, month, last) for month, last in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30))]
    days = sorted({*ends, *(end.replace(day=n) for end in ends for n in (10, 20))})
    items = [_invoice(f"D{n}", on - timedelta(days=2 + n % 6)) for n, on in enumerate(days)]
    found = _figures(book_of(items, [_paid(f"D{n}", on) for n, on in enumerate(days)]), date(2025, 7, 5))
    assert found["run_month_days"] == [10, 20, 31]
    assert found["run_weekday"] is None
    assert found["run_share"] == pytest.approx(1.0)


def test_the_trends_of_three_and_of_twelve_months_are_told_apart() -> None:
    # 100 invoices a week apart: 2 days late, 5 in the last year, 11 in the last 90 days.
    last = 14 + 99 * 7
    delays = [2 if last - (14 + n * 7) > 360 else 5 if last - (14 + n * 7) > 85 else 11 for n in range(100)]
    found = _figures(_late_by(delays), day(last + 12))
    assert found["trend_days"] == 11 - 2 or found["trend_days"] == 11 - 5
    assert found["trend_year_days"] == 5 - 2
    assert _figures(_late_by(delays[-40:]), day(14 + 39 * 7 + 12))["trend_year_days"] is None


def test_large_invoices_are_compared_with_the_others() -> None:
    amounts = [500_000 + 100 * n if n % 4 == 0 else 50_000 + 100 * n for n in range(40)]
    found = _figures(_late_by([15 if n % 4 == 0 else 3 for n in range(40)], amounts=amounts), day(400))
    assert found["large_days"] == 12


@pytest.mark.parametrize(
    ("every", "dear", "days"),
    [(5, 500_000, 12), (4, 500_000, 12), (3, 500_000, None), (4, 50_000, None), (4, 5_000, None)],
)
def test_an_invoice_of_a_usual_amount_is_no_large_one(every: int, dear: int, days: int | None) -> None:
    # One in `every` is of another amount, all others are alike: of two amounts the quarter falls among the many.
    odd = [n % every == 0 for n in range(40)]
    book = _late_by([15 if one else 3 for one in odd], amounts=[dear if one else 50_000 for one in odd])
    assert _figures(book, day(400))["large_days"] == days


def test_shares_are_of_the_payments() -> None:
    book = _late_by([1] * 10)
    half = book.allocations.with_columns(
        amount=pl.when(pl.col("item_id") == "F3").then(pl.col("amount") // 2).otherwise("amount")
    )
    rest = _paid("F3", day(60), 50_000, allocation_id="rest", kind="cash", source="test")
    letters = pl.concat([half, pl.DataFrame([rest])], how="diagonal_relaxed").select(half.columns)
    disputes = pl.DataFrame({"dispute_id": ["d"], "item_id": ["F5"], "opened_on": [day(50)], "amount": [100_000],
                             "reason": ["price"]})  # fmt: skip
    found = _figures(book.replace(allocations=letters, disputes=disputes), day(120))
    assert found["share_parts"] == found["share_disputed"] == pytest.approx(0.1)
    assert found["share_full"] == pytest.approx(0.9)


def test_few_payments_lean_on_those_of_all() -> None:
    dues = [day(14 + 7 * n) for n in range(20)]
    items = [*(_invoice(f"F{n}", due) for n, due in enumerate(dues)), _invoice("G0", day(30), customer="G")]
    letters = [*(_paid(f"F{n}", due + timedelta(days=4)) for n, due in enumerate(dues)), _paid("G0", day(50))]
    both = book_of(items, letters)
    rows = payer_figures(both, history(both, day(200)), day(200))
    lean = rows.filter(payer_id="G")["shrunk_median"].item()
    assert lean == pytest.approx((1 * 20 + 5 * 4) / 6), "one payment 20 days late, the others' middle is 4"


def _named(payments: int, drawn: int) -> str:
    base = dict.fromkeys(("delay_p10", "delay_median", "delay_p90", "spread", "share_late"), 0.0)
    rules: list[Profile] = [rule for rule in named() if rule.name in ("new", "drawn", "irregular")]
    row = pl.DataFrame([{**base, "payments": payments, "drawn": drawn}])
    return next(rule.name for rule in rules if row.select(rule.holds(day(0))).to_series()[0])


@pytest.mark.parametrize(
    ("payments", "drawn", "name"),
    [(2, 6, "drawn"), (1, 4, "drawn"), (2, 4, "new"), (4, 3, "new"), (0, 2, "new"), (9, 4, "irregular"),
     (9, 30, "drawn")],
)  # fmt: skip
def test_a_few_transfers_beside_draws_are_no_wide_spread(payments: int, drawn: int, name: str) -> None:
    assert _named(payments, drawn) == name


def test_the_evidence_of_a_change_is_what_was_paid_since() -> None:
    book = _late_by([1, 0, 2, 1, 0, 1, 2, 0, 1, 0, 2, 1, 1, 0, 1, 0, 15, 17, 14, 16, 18, 15])
    as_of = day(14 + 21 * 7 + 16)
    known = know_payers(book, study(book, as_of), predict(book, as_of))
    alert = known.alerts.filter(alert="habit_changed")
    assert alert.height == 1
    assert set(alert["evidence"].item()) == {f"F{n}" for n in range(16, 22)}
    assert alert["evidence"].item()[0] == "F21"
    assert profiled(payer_figures(book, history(book, as_of), as_of), as_of)["changed_on"].item() == day(14 + 112 + 15)


def test_the_evidence_of_a_returned_payment_is_its_item() -> None:
    book = _late_by([0] * 8)
    money = {"entity_id": "E", "customer_id": "C", "amount": 100_000, "currency": "EUR", "account": "512",
             "origin": "bank"}  # fmt: skip
    receipts = pl.DataFrame([
        {**money, "receipt_id": "R", "booked_on": day(63), "kind": "direct_debit", "returns_receipt_id": None},
        {**money, "receipt_id": "B", "booked_on": day(70), "kind": "return", "returns_receipt_id": "R",
         "amount": -100_000},
    ])  # fmt: skip
    letters = book.allocations.with_columns(
        receipt_id=pl.when(pl.col("item_id") == "F7").then(pl.lit("R")),
        reversed_on=pl.when(pl.col("item_id") == "F7").then(pl.lit(day(70))),
    )
    back = book.replace(allocations=letters, receipts=receipts)
    known = know_payers(back, study(back, day(75)), predict(back, day(75)))
    alert = known.alerts.filter(alert="returned")
    assert alert["evidence"].to_list() == [["F7"]]
