"""A replay of the cash forecast as one page to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

import polars as pl

from encours.core.forecast.accuracy import FORECAST, FORECASTERS
from encours.usecases.backtest_forecast import DEFINITIONS, ForecastTested
from encours.usecases.page_parts import count, definitions, document, money, share, table

NAMES = {"forecast": "Encours", "own_median": "own median", "due_date": "due date"}
_WIDTH, _HEIGHT, _LEFT, _FOOT, _LABELS = 760, 200, 8, 24, 9


def page(tested: ForecastTested) -> str:
    """The whole page as HTML: a picture for each purse of what was said for next week and what came; the figures."""
    parts = [
        f"<h1>Would Encours have foreseen how much cash came?</h1><p>{escape(_sentence(tested))}</p>",
        *(_picture(tested, *purse) for purse in _purses(tested)),
        *(_figures(tested, currency) for currency in _currencies(tested)),
        definitions(DEFINITIONS),
    ]
    return document(f"Cash forecasts replayed, {tested.start} to {tested.end}", parts)


def _currencies(tested: ForecastTested) -> list[str]:
    return tested.currencies["currency"].unique(maintain_order=True).to_list()


def _sentence(tested: ForecastTested) -> str:
    said = f"{tested.start} to {tested.end}, once a week, {tested.weeks} weeks ahead. "
    for currency in _currencies(tested):
        ours, own, due = (tested.of(currency, name).get("all", {}) for name in FORECASTERS)
        if ours.get("wape") is None:
            continue
        errors = [share(figures["wape"]) for figures in (ours, own, due)]
        said += (
            f"{currency}: the weekly money of the invoices then open was off by {errors[0]}; by the customers' own "
            f"medians {errors[1]}, by the due dates {errors[2]}. {share(ours['coverage'])} of weeks lay in the range. "
        )
    return said.strip()


def _figures(tested: ForecastTested, currency: str) -> str:
    """Tables of one currency: weekly totals by week ahead, single customers."""
    head = ("", "weeks judged", "error", "bias", "in the range")
    rows = [
        _row("all weeks" if week == "all" else f"week {week}", NAMES[name], figures)
        for week in ("all", *map(str, range(1, tested.weeks + 1)))
        for name in FORECASTERS
        if (figures := tested.of(currency, name).get(week))
    ]
    each = [
        _row("all weeks", NAMES[name], figures)
        for name in FORECASTERS
        if (figures := tested.of(currency, name, "customers").get("all"))
    ]
    return (
        f"<h2>{currency}: weekly totals</h2>{table(head, rows)}<h2>{currency}: single customers</h2>{table(head, each)}"
    )


def _row(week: str, name: str, figures: dict[str, Any]) -> tuple[str, ...]:
    shares = (share(figures[key]) for key in ("wape", "bias", "coverage"))
    return (f"{week}, {name}", count(figures["judged"]), *shares)


def _purses(tested: ForecastTested) -> Sequence[tuple[str, str]]:
    """The purses in which most came first, three at most."""
    rows = tested.figures.filter((pl.col("forecaster") == FORECAST) & pl.col("week").is_null())
    rows = rows.filter((pl.col("level") == "total") & (pl.col("came") > 0)).sort("came", descending=True).head(3)
    return [(str(entity), str(currency)) for entity, currency in rows.select("entity_id", "currency").iter_rows()]


def _picture(tested: ForecastTested, entity: str, currency: str) -> str:
    """For the week after each replayed day: the range that was said, and the money that came."""
    own = (pl.col("entity_id") == entity) & (pl.col("currency") == currency) & pl.col("customer_id").is_null()
    rows = tested.cells.filter(own & (pl.col("forecaster") == FORECAST)).sort("as_of", "week_start")
    rows = rows.unique("as_of", keep="first", maintain_order=True)
    most = max(1, *(int(rows[name].to_numpy().max()) for name in ("p90", "came")))
    step = (_WIDTH - _LEFT) / rows.height
    every = -(-rows.height // _LABELS)
    drawn = [
        _mark(row, _LEFT + step * place, step, most, currency) + _label(row["week_start"], place, step, every)
        for place, row in enumerate(rows.iter_rows(named=True))
    ]
    title = f"{entity}, {currency}: the week after each forecast"
    key = (
        '<div class="key"><span><i class="same"></i>the range that was said</span>'
        '<span><i class="auto"></i>what came</span></div>'
    )
    frame = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-label="{escape(title)}">'
    return f"<h2>{escape(title)}</h2>{key}{frame}{''.join(drawn)}</svg>"


def _mark(row: dict[str, Any], left: float, step: float, most: int, currency: str) -> str:
    def up(value: int) -> float:
        return _HEIGHT - (_HEIGHT - 4) * value / most

    words = (
        f"{row['week_start']}: {money(row['p10'], currency)} to {money(row['p90'], currency)} said, "
        f"{money(row['came'], currency)} came"
    )
    top, foot = up(row["p90"]), up(row["p10"])
    middle = left + step / 2
    return (
        f'<g><title>{escape(words)}</title><rect class="same" x="{left + step * 0.2:.1f}" y="{top:.1f}" '
        f'width="{step * 0.6:.1f}" height="{max(2.0, foot - top):.1f}"/>'
        f'<circle class="auto" cx="{middle:.1f}" cy="{up(row["came"]):.1f}" r="4"/></g>'
    )


def _label(day: date, place: int, step: float, every: int) -> str:
    if place % every:
        return ""
    middle = _LEFT + step * (place + 0.5)
    return f'<text x="{middle:.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{day:%d/%m}</text>'
