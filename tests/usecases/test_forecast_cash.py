"""The forecast as it is kept: whole or not at all, once a night; past days without a leak; what came beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import transaction
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.core.base.book import Book
from encours.core.behaviour import learn, study
from encours.store import bulk
from encours.store.models import (
    CashForecast,
    ForecastCause,
    ForecastCustomer,
    ForecastDay,
    ForecastItem,
    ForecastWeek,
    Item,
    Portfolio,
    PortfolioMember,
    Role,
    User,
)
from encours.store.rights import actor_of, job
from encours.usecases import forecast_files
from encours.usecases.coming_weeks import coming_weeks
from encours.usecases.forecast_cash import WEEKS, Forecasted, forecast_cash
from encours.usecases.forecast_head import Wanted
from encours.usecases.forecast_part import _narrowed
from encours.usecases.forecast_past import BEFORE, NOW
from encours.usecases.import_files import import_now
from encours.usecases.past_forecasts import WEEKS_BACK, past_forecasts
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_forecast import show_customer_forecast, show_forecast
from encours.usecases.try_scenario import Supposed, try_scenario
from encours.usecases.viewing import Viewing
from tests.usecases.books import DAY, folder
from tests.usecases.forecast_books import paying_book

pytestmark = pytest.mark.django_db
_RANGE = ("p10", "p50", "p90", "mean")


@pytest.fixture(scope="module")
def night(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[Forecasted]]]:
    """One night over the book, for all tests of the module; each takes back what it changes."""
    from django.test import override_settings

    home = tmp_path_factory.mktemp("night")
    with django_db_blocker.unblock(), override_settings(HOME=home / "home"), transaction.atomic():
        import_now(job("test"), None, [folder(paying_book(), home / "book")])
        yield home, forecast_cash(job("test"), day=DAY)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def at_home(night: tuple[Path, list[Forecasted]], settings: Settings) -> None:
    settings.HOME = night[0] / "home"


def _viewing(user: User | None = None) -> Viewing:
    actor = job("test") if user is None else actor_of(user)
    return Viewing(actor, actor.entities, DAY)


def _weeks(**wanted: object) -> list[tuple[object, ...]]:
    rows = ForecastWeek.objects.filter(**wanted).order_by("forecast__day", "currency", "source", "place")
    return list(rows.values_list("forecast__day", "currency", "source", "place", "week_start", *_RANGE, "came"))


def test_a_night_keeps_the_day_and_the_weeks_before_it(night: tuple[Path, list[Forecasted]]) -> None:
    assert night[1][0].items == Item.objects.filter(is_current=True, open__gt=0).count()
    kept = dict(CashForecast.objects.values_list("day", "afterwards"))
    assert kept == {DAY - timedelta(days=7 * back): back > 0 for back in range(WEEKS_BACK + 1)}
    last = CashForecast.objects.get(day=DAY)
    assert ForecastWeek.objects.filter(forecast=last, source="total").count() == 2 * WEEKS
    assert ForecastDay.objects.filter(forecast=last).count() == 2 * 14
    assert set(ForecastCustomer.objects.values_list("forecast", flat=True)) == {last.pk}
    assert {
        pk for model in (ForecastItem, ForecastCause) for pk in model.objects.values_list("forecast", flat=True)
    } == {last.pk}


def test_sums_of_customers_and_items_are_the_total_in_each_currency() -> None:
    for currency in ("EUR", "USD"):
        weeks = ForecastWeek.objects.filter(forecast__day=DAY, currency=currency, source="open_items")
        total = sum(weeks.values_list("mean", flat=True))
        customers = list(ForecastCustomer.objects.filter(currency=currency))
        items = list(ForecastItem.objects.filter(currency=currency))
        assert total == sum(row.expected for row in customers) == sum(row.expected for row in items)
        assert total == sum(week[3] for row in customers for week in row.weeks)
        assert sum(row.soon for row in customers) == sum(weeks.filter(place__lte=4).values_list("mean", flat=True))
        assert all(row.soon + (row.expected - row.soon) + row.later <= row.open for row in customers)
        owed = Item.objects.filter(is_current=True, currency=currency, open__gt=0)
        assert sum(row.open for row in customers) == sum(owed.values_list("open", flat=True))
    assert all(p10 <= p50 <= p90 for p10, p50, p90 in ForecastWeek.objects.values_list("p10", "p50", "p90"))


def test_a_night_done_again_changes_nothing() -> None:
    before = _weeks()
    rows = ForecastItem.objects.order_by("item_id").values_list("item_id", "p50_on", "expected")
    items = list(rows)
    forecast_cash(job("test"), ["A"], day=DAY)
    assert _weeks() == before
    assert list(rows.all()) == items
    assert CashForecast.objects.count() == WEEKS_BACK + 1


def test_a_night_that_dies_leaves_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before, items = _weeks(), ForecastItem.objects.count()
    insert = bulk.insert

    def dying(model: type, rows: pl.DataFrame) -> None:
        if model is ForecastItem:
            raise RuntimeError("the power is gone")
        insert(model, rows)

    monkeypatch.setattr(bulk, "insert", dying)
    with pytest.raises(RuntimeError), transaction.atomic():
        forecast_cash(job("test"), ["A"], day=DAY)
    assert (_weeks(), ForecastItem.objects.count()) == (before, items)


def test_the_bridge_leads_from_the_forecast_of_a_week_ago_to_todays() -> None:
    last = CashForecast.objects.get(day=DAY)
    assert last.before_on == DAY - timedelta(days=7)
    for currency in ("EUR", "USD"):
        steps: dict[str, int] = {}
        for cause, amount in ForecastCause.objects.filter(currency=currency).values_list("cause", "amount"):
            steps[cause] = steps.get(cause, 0) + amount
        before, now = steps.pop(BEFORE), steps.pop(NOW)
        assert before + sum(steps.values()) == now
        weeks = ForecastWeek.objects.filter(currency=currency, source="open_items")
        ago = weeks.filter(forecast__day=last.before_on, place__gte=2)
        assert before == sum(ago.values_list("mean", flat=True))
        assert now == sum(weeks.filter(forecast=last, place__lt=WEEKS).values_list("mean", flat=True))
        assert steps["paid"] < 0 < steps["new_invoices"]


def test_what_came_is_the_money_of_the_items_known_on_the_day() -> None:
    book = paying_book()
    of_item = pl.col("receipt_id").str.head(-2)
    receipts = book.receipts.join(book.items.select("item_id", "issued_on"), left_on=of_item, right_on="item_id")
    judged = ForecastWeek.objects.filter(source="open_items", came__isnull=False)
    assert judged.filter(place=1).count() == 2 * WEEKS_BACK
    for week in judged.select_related("forecast"):
        last = week.week_start + timedelta(days=6)
        mine = receipts.filter(
            (pl.col("currency") == week.currency)
            & (pl.col("issued_on") <= week.forecast.day)
            & pl.col("booked_on").is_between(week.week_start, last)
        )
        assert week.came == mine["amount"].sum(), (week.forecast.day, week.place)
    assert not ForecastWeek.objects.filter(came__isnull=False, week_start__gt=DAY - timedelta(days=6)).exists()


def test_a_past_day_is_reckoned_from_what_was_known_then() -> None:
    past = DAY - timedelta(days=7)
    whole, then = paying_book(), paying_book(until=past)
    CashForecast.objects.filter(day__lt=DAY).delete()
    one, other = (
        {found.day: found for found in past_forecasts("A", book, DAY)}[past] for book in (whole, _told_by(then, past))
    )
    for name in ("weeks", "outlook", "days", "items", "left_out"):
        assert_frame_equal(getattr(one.forecast, name), getattr(other.forecast, name), check_row_order=False)


def _told_by(book: Book, day: date) -> Book:
    """The same book: what it holds was known by the day, and what came later is not in it."""
    assert learn(study(book, day)).learnt_on == day
    return book


def test_weeks_whose_receipts_wait_to_be_applied_are_not_judged(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    import_now(job("test"), None, [folder(paying_book("B", applied=False), tmp_path / "book")])
    forecast_cash(job("test"), ["B"], day=DAY)
    judged = ForecastWeek.objects.filter(entity_id="B", place=1, source="open_items", currency="EUR")
    waits = set(judged.filter(came__isnull=True, week_start__lt=DAY).values_list("week_start", flat=True))
    assert waits == {DAY - timedelta(days=7 * back - 1) for back in (1, 2, 3, 4)}
    page = show_forecast(Viewing(job("test"), ("B",), DAY), Wanted(part="accuracy", currency="EUR"))
    assert page.waiting == 4
    assert page.some_afterwards
    assert [one.place for one in page.horizons] == list(range(1, WEEKS_BACK - 3))


def test_a_page_shows_one_entity_in_one_currency() -> None:
    page = show_forecast(_viewing(), Wanted(currency="USD"))
    assert page.head is not None
    assert (page.head.currency, set(page.head.currencies)) == ("USD", {"EUR", "USD"})
    assert {row.customer_id for row in page.customers} == {"A:5"}
    assert page.sums["open_items"] == sum(row.expected for row in ForecastCustomer.objects.filter(currency="USD"))
    found = show_customer_forecast(_viewing(), "A:5")
    assert found is not None
    assert found.kept
    assert sum(item.expected for item in found.items) == found.row.expected


def test_a_portfolio_has_a_range_of_its_own_and_no_sums_of_the_entity() -> None:
    portfolio = Portfolio.objects.create(entity_id="A", name="hers")
    PortfolioMember.objects.create(portfolio=portfolio, customer_id="A:1")
    user = User.objects.create_user("colette", "colette@example.org")
    Role.objects.create(user=user, entity_id="A", kind=Role.Kind.COLLECTOR, portfolio=portfolio)
    viewing = _viewing(user)
    page = show_forecast(viewing, Wanted())
    assert page.head is not None
    assert page.head.currencies == ["EUR"]
    assert [row.customer_id for row in page.customers] == ["A:1"]
    mine = ForecastCustomer.objects.get(customer_id="A:1")
    assert [week.open_items.mean for week in page.weeks] == [week[3] for week in mine.weeks]
    assert (page.head.left_out, page.horizons) == ([], [])
    assert {name for cause in (page.bridge.causes if page.bridge else []) for name, _, _ in cause.customers} == {"A:1"}
    assert show_customer_forecast(viewing, "A:2") is None
    coming = coming_weeks(viewing, "EUR")[0]
    assert [week.mean for week in coming.weeks] == [week[3] for week in mine.weeks[:4]]
    assert all(week.p10 is None for week in coming.weeks)
    with pytest.raises(NotAllowedError):
        forecast_cash(actor_of(user), ["A"])


def test_a_receipt_that_paid_elsewhere_does_not_wait_in_a_portfolios_book() -> None:
    book = paying_book().as_of(DAY)
    first = book.allocations.filter(pl.col("item_id") == "A:1:0")
    swapped = book.allocations.with_columns(
        receipt_id=pl.when(pl.col("item_id") == "A:2:0")
        .then(pl.lit(first["receipt_id"].item()))
        .otherwise("receipt_id")
    )
    crossed = book.replace(allocations=swapped.filter(pl.col("item_id") != "A:1:0"))
    part = _narrowed(crossed, pl.col("customer_id") == "A:1")
    free = dict(part.unapplied_receipts().select("receipt_id", "unapplied").iter_rows())
    whole = dict(crossed.unapplied_receipts().select("receipt_id", "unapplied").iter_rows())
    assert free == whole
    assert part.items["customer_id"].unique().to_list() == ["A:1"]


def test_a_scenario_moves_money_and_writes_nothing() -> None:
    before = _weeks()
    tried = try_scenario(_viewing(), Wanted(currency="EUR"), Supposed("customer_later", "A:1", 21))
    assert [week.total.mean for week in tried.base] == [
        row[8] for row in _weeks(forecast__day=DAY, currency="EUR", source="total")
    ]
    assert tried.change(1) < 0
    lost = try_scenario(_viewing(), Wanted(currency="EUR"), Supposed("customer_lost", "A:1"))
    assert lost.in_all <= tried.in_all <= 0
    assert _weeks() == before


def test_a_book_without_anything_open_keeps_no_customers(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    book = paying_book("C", until=DAY)
    settled = book.replace(items=book.items.join(book.allocations.select("item_id"), on="item_id", how="semi"))
    import_now(job("test"), None, [folder(settled, tmp_path / "book")])
    assert forecast_cash(job("test"), ["C"], day=DAY) == [Forecasted("C", 0, 0, 0)]
    page = show_forecast(Viewing(job("test"), ("C",), DAY), Wanted())
    assert (page.head, page.why) == (None, "nothing_open")


def test_nights_that_serve_no_bridge_any_more_are_dropped(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    rows = pl.DataFrame({"item_id": ["x"], "expected": [1]})
    monday = DAY - timedelta(days=DAY.weekday() + 42)
    nights = [DAY - timedelta(days=150), monday, monday + timedelta(days=1)]
    nights += [DAY - timedelta(days=back) for back in (35, 14, 0)]
    for night in nights:
        forecast_files.keep("A/..", night, rows)
    kept = sorted(path.stem for path in forecast_files.folder("A/..").glob("*.parquet"))
    assert kept == [str(night) for night in (nights[1], *nights[3:])]
    began = forecast_files.before("A/..", DAY)
    assert began is not None
    assert began[0] == DAY - timedelta(days=14)
