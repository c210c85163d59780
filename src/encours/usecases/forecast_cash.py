"""Works out each entity's cash forecast of the day, keeps it, and judges the past ones by what came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import transaction

from encours.core.base.book import Book
from encours.core.forecast import Forecast, forecast
from encours.core.forecast.bridge import bridge
from encours.store import bulk, parquet
from encours.store.models import (
    CashForecast,
    ForecastCause,
    ForecastCustomer,
    ForecastDay,
    ForecastItem,
    ForecastWeek,
)
from encours.usecases import clock, forecast_files
from encours.usecases.expected_files import stamp_of
from encours.usecases.forecast_past import BEFORE, NOW
from encours.usecases.judge_forecasts import judge_forecasts, naive_weeks
from encours.usecases.past_forecasts import past_forecasts
from encours.usecases.predict_items import predictions_of
from encours.usecases.rights import Actor, require, require_whole

#: Acting is for whoever may change what the engines rest on; by night it is the chain.
ACT = "manage_settings"
WEEKS, SOON = 13, 4
_RANGE = ("p10", "p50", "p90", "mean")
_NAME_MAX = 255
_STEP = ("currency", "cause", "customer_id", "item_id", "amount")


@dataclass(frozen=True)
class Forecasted:
    """What a night did in an entity: open items forecast, past days reckoned afterwards, passed weeks judged."""

    entity_id: str
    items: int
    afterwards: int
    judged: int


@dataclass(frozen=True, eq=False)
class Made:
    """A forecast with what it was made of."""

    day: date
    book: Book
    predicted: pl.DataFrame
    forecast: Forecast
    model: str = ""
    stamp: str = ""


def forecast_cash(
    actor: Actor, entity_ids: Sequence[str] | None = None, *, day: date | None = None
) -> list[Forecasted]:
    """Each entity's forecast as of the end of `day`, in the place of one made before for the same day.

    Where weekly forecasts of the last weeks are missing (a first import, nights without a run), they are reckoned
    afterwards from what was known on their day, and say so. Done again it changes nothing; killed, a forecast is there
    whole or not at all. Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require_whole(actor, entity_id, ACT)
        require(actor, ACT, entity_id)
    return [_forecast(entity_id, day or clock.today()) for entity_id in wanted]


def _forecast(entity_id: str, day: date) -> Forecasted:
    stamp = stamp_of(entity_id)  # before the book is read
    predicted, spread, book = predictions_of(entity_id, day)
    if predicted.is_empty():
        drop_latest(entity_id)
        return Forecasted(entity_id, 0, 0, 0)
    afterwards = 0
    for past in past_forecasts(entity_id, book, day):
        keep(entity_id, Made(past.day, book, past.predicted, past.forecast, past.model), afterwards=True)
        afterwards += 1
    made = Made(day, book, predicted, forecast(book, day, predicted, spread, weeks=WEEKS), stamp=stamp)
    keep(entity_id, made, latest=True)
    return Forecasted(entity_id, predicted.height, afterwards, judge_forecasts(entity_id, book, day))


def drop_latest(entity_id: str) -> None:
    """Nothing is open: customers and items of a former night would be shown as if it were."""
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        for model in (ForecastCustomer, ForecastItem, ForecastCause):
            model._default_manager.filter(entity_id=entity_id).delete()


def keep(entity_id: str, made: Made, *, afterwards: bool = False, latest: bool = False) -> None:
    """Writes a forecast in one transaction; `latest` also its customers, its items and the bridge to it."""
    forecast_files.keep(entity_id, made.day, made.forecast.items)
    began = forecast_files.before(entity_id, made.day) if latest else None
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        CashForecast.objects.filter(entity_id=entity_id, day=made.day).delete()
        row = CashForecast.objects.create(
            entity_id=entity_id,
            day=made.day,
            weeks=WEEKS,
            afterwards=afterwards,
            made_at=clock.now(),
            stamp=made.stamp,
            model=made.model,
            left_out=_left_out(made),
            issues=made.forecast.issues["message"].unique(maintain_order=True).to_list(),
            before_on=began[0] if began else None,
        )
        bulk.insert(ForecastWeek, _named(row, entity_id, _weeks(made)))
        bulk.insert(ForecastDay, _named(row, entity_id, made.forecast.days.select("currency", "on", *_RANGE)))
        if latest:
            drop_latest(entity_id)
            bulk.insert(ForecastCustomer, _named(row, entity_id, _customers(made)))
            bulk.insert(ForecastItem, _named(row, entity_id, _items(made)))
            if began is not None:
                bulk.insert(ForecastCause, _named(row, entity_id, _causes(began, made)))


def _named(row: CashForecast, entity_id: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(forecast_id=pl.lit(row.pk, dtype=pl.Int64), entity_id=pl.lit(entity_id, dtype=pl.String))


def _place(column: str, day: date) -> pl.Expr:
    """The number of a week; 1 begins the day after the forecast."""
    return ((pl.col(column) - pl.lit(day)).dt.total_days() - 1) // 7 + 1


def _weeks(made: Made) -> pl.DataFrame:
    rows = made.forecast.outlook.select("currency", "source", "week_start", *_RANGE)
    naive = naive_weeks(made.book, made.day, made.forecast.items, WEEKS).with_columns(source=pl.lit("open_items"))
    rows = rows.join(naive, on=["currency", "source", "week_start"], how="left")
    return rows.with_columns(place=_place("week_start", made.day))


def _by_item(made: Made) -> pl.DataFrame:
    """item_id, soon, expected, later: what each item brings in four weeks, in all weeks, after them."""
    inside, place = pl.col("week_start").is_not_null(), _place("week_start", made.day)
    amount = pl.col("expected")
    return made.forecast.items.group_by("item_id").agg(
        soon=amount.filter(inside & (place <= SOON)).sum(),
        expected=amount.filter(inside).sum(),
        later=amount.filter(~inside).sum(),
    )


def _items(made: Made) -> pl.DataFrame:
    numbers = made.book.current().items.select("item_id", "number")
    columns = ("item_id", "customer_id", "currency", "open", "due_on", "p10_on", "p50_on", "p90_on")
    rows = made.predicted.select(columns).join(_by_item(made), on="item_id", how="inner")
    rows = rows.join(numbers, on="item_id", how="left")
    return rows.with_columns(number=pl.col("number").fill_null("").str.slice(0, 190))


def _customers(made: Made) -> pl.DataFrame:
    key = ["customer_id", "currency"]
    open_ = made.predicted.join(_by_item(made), on="item_id", how="inner")
    sums = open_.group_by(key).agg(pl.col("open", "soon", "expected", "later").sum())
    weekly = made.forecast.weeks.filter(pl.col("customer_id").is_not_null())
    weekly = weekly.with_columns(place=_place("week_start", made.day))
    listed = {one: [[0, 0, 0, 0] for _ in range(WEEKS)] for one in sums.select(key).iter_rows()}
    for customer, currency, place, *figures in weekly.select(*key, "place", *_RANGE).iter_rows():
        if (customer, currency) in listed and 1 <= place <= WEEKS:
            listed[customer, currency][place - 1] = figures
    texts = [json.dumps(listed[one], separators=(",", ":")) for one in sums.select(key).iter_rows()]
    names = made.book.current().customers.select("customer_id", "name").unique("customer_id", keep="last")
    rows = sums.with_columns(weeks=pl.Series(texts, dtype=pl.String)).join(names, on="customer_id", how="left")
    return rows.with_columns(name=pl.coalesce("name", "customer_id").str.slice(0, _NAME_MAX))


def _causes(began: tuple[date, pl.DataFrame], made: Made) -> pl.DataFrame:
    """The steps by cause and customer, and the two ends: what each forecast expects in the weeks that both cover."""
    night, before = began
    both = pl.col("week_start").is_between(made.day + timedelta(days=1), night + timedelta(days=7 * WEEKS - 6))
    ends = {BEFORE: before.filter(both), NOW: made.forecast.items.filter(both)}
    steps = [bridge(made.book, night, before, made.day, made.forecast.items).select(*_STEP)]
    for name, rows in ends.items():
        steps.append(rows.with_columns(cause=pl.lit(name), amount="expected").select(*_STEP))
    summed = (
        pl.concat(steps)
        .group_by("currency", "cause", "customer_id")
        .agg(items=pl.col("item_id").n_unique().cast(pl.Int64), amount=pl.col("amount").sum())
    )
    return summed.filter(pl.col("amount") != 0)


def _left_out(made: Made) -> list[list[object]]:
    """[reason, currency, items, amount] of open money that is not expected."""
    found = made.forecast.left_out.group_by("reason", "currency").agg(items=pl.len(), amount=pl.col("amount").sum())
    return [list(row) for row in found.sort("currency", "reason").iter_rows()]
