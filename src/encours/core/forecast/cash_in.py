"""Cash in per entity, currency, customer and week: open items, orders, and what is not invoiced yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import Issues
from encours.core.forecast import result
from encours.core.forecast.cash import expected_cash, left_out
from encours.core.forecast.cells import DAYS, Int64, chances, edges
from encours.core.forecast.draws import DRAWS, by_week, quantiles
from encours.core.forecast.expected import by_item, starts
from encours.core.forecast.invoicing import LEAST_WEEKS, Moved, drawn_cash, invoicing, pasts, to_cash
from encours.core.forecast.moved import Purse, everyone, invoiced, moved, ordered
from encours.core.forecast.normal import keys
from encours.core.forecast.orders import orders_of
from encours.core.forecast.result import EXPECTED_INVOICES, OPEN_ITEMS, ORDERS, SOURCES, TOTAL, Forecast
from encours.core.forecast.scenario import SCENARIO, Scenario, changes, postponed
from encours.core.forecast.scenarios import rules
from encours.core.forecast.shock import shares
from encours.core.forecast.source import PURSE, Money, money


class _New(NamedTuple):
    """Of invoices to come: all orders as documents, whatever a scenario says of them, and the parts that it moves."""

    orders: pl.DataFrame
    moved: Mapping[Purse, Sequence[Moved]]


def forecast(
    book: Book,
    as_of: date,
    predicted: pl.DataFrame,
    spread: pl.DataFrame,
    *,
    weeks: int = 13,
    seed: int = 0,
    scenario: Scenario | None = None,
) -> Forecast:
    """Cash in over `weeks` weeks from the day after `as_of`; the same for the same arguments, in any order of rows.

    Takes a Book with all its versions, read as known at the end of `as_of`. `predicted`: at least PREDICTED_SCHEMA;
    `spread`: SPREAD_SCHEMA, the distribution of each item's payment day. Raises CallError for a wrong call.
    """
    ends = edges(weeks)
    known, issues = book.as_of(as_of), Issues()
    items, out = expected_cash(known, predicted)
    told, documents, order_spread = orders_of(known, as_of)
    new = _New(documents, {})
    if scenario:
        past = invoiced(known, as_of)
        change = changes(scenario, rules(), everyone(items, documents, past))
        new = _New(documents, moved(change, past, documents, as_of, weeks))
        lost = items.join(change.filter("lost"), on="customer_id", how="semi").filter(pl.col("cash") > 0)
        out = pl.concat([out, left_out(lost.with_columns(amount="cash"), SCENARIO)]).sort("item_id", "reason")
        items, spread = postponed(items, spread, change)
        documents, order_spread = postponed(documents, order_spread, change)
    items = items.filter(pl.col("cash") > 0)
    shared = shares(known, as_of)
    open_items = money(items, chances(items["item_id"], spread, as_of, ends), weeks, shared, seed)
    paid = chances(documents["item_id"], order_spread, as_of, ends)
    orders = money(documents, paid, weeks, shared, seed)
    found = Forecast(
        as_of=as_of,
        weeks=_weeks(open_items, weeks, as_of),
        outlook=_outlook(known, as_of, open_items, orders, new, weeks, seed, issues),
        days=_days(open_items, as_of),
        items=by_item(items, open_items.cells, weeks, as_of),
        left_out=out,
        orders=told,
        shares=shared,
        issues=issues.frame(),
    )
    found.check()
    return found


def _weeks(of: Money, weeks: int, as_of: date) -> pl.DataFrame:
    """WEEKS_SCHEMA: the totals, then the customers."""
    days, (draws, means) = starts(as_of, weeks), of.totals(of.purses)
    totals = of.purses.with_columns(customer_id=pl.lit(None, dtype=pl.String))
    total = _table(totals, "week_start", days, quantiles(by_week(draws, weeks)), by_week(means, weeks))
    each = _table(of.customers, "week_start", days, of.drawn.customers, by_week(of.by_customer(), weeks))
    return pl.concat([part.select(*result.WEEKS_SCHEMA) for part in (total, each)])


def _days(of: Money, as_of: date) -> pl.DataFrame:
    """DAYS_SCHEMA."""
    draws, means = of.totals(of.purses)
    days = [as_of + timedelta(days=1 + day) for day in range(DAYS)]
    rows = _table(of.purses, "on", days, quantiles(draws[..., :DAYS]), means[:, :DAYS])
    return rows.select(*result.DAYS_SCHEMA)


def _table(keyed: pl.DataFrame, name: str, days: list[date], ranges: Int64, means: Int64) -> pl.DataFrame:
    """A row a key and day: the key, the day as `name`, p10, p50, p90, mean."""
    rows = keyed[np.repeat(np.arange(keyed.height), len(days))]
    when = pl.Series(days, dtype=pl.Date).gather(np.tile(np.arange(len(days)), keyed.height))
    levels = {level: pl.Series(ranges[..., n].reshape(-1)) for n, level in enumerate(("p10", "p50", "p90"))}
    return rows.with_columns(when.alias(name), **levels, mean=pl.Series(means.reshape(-1)))


def _outlook(
    known: Book, as_of: date, open_items: Money, orders: Money, new: _New, weeks: int, seed: int, issues: Issues
) -> pl.DataFrame:
    """OUTLOOK_SCHEMA: every source of each purse, and their sum draw by draw."""
    purses = [open_items.purses, orders.purses]
    written, thin = _expected_invoices(known, as_of, new, weeks, seed)
    keyed = pl.DataFrame(list(written), schema={name: pl.String() for name in PURSE}, orient="row")
    purse = pl.concat([*purses, keyed]).unique().sort(PURSE)
    draws, means = {}, {}
    for name, source in ((OPEN_ITEMS, open_items), (ORDERS, orders)):
        draws[name], means[name] = (by_week(part, weeks) for part in source.totals(purse))
    none = np.zeros((DRAWS, weeks), dtype=np.int64)
    invoices = [written.get(key, none) for key in purse.rows()]
    draws[EXPECTED_INVOICES] = np.stack(invoices) if invoices else np.zeros((0, DRAWS, weeks), dtype=np.int64)
    means[EXPECTED_INVOICES] = np.rint(draws[EXPECTED_INVOICES].mean(axis=1)).astype(np.int64)
    draws[TOTAL], means[TOTAL] = (np.sum(list(part.values()), axis=0) for part in (draws, means))
    for entity, currency in sorted(thin):
        issues.add(
            "invoicing_unknown",
            f"{entity} {currency}: fewer than {LEAST_WEEKS} weeks of invoices are known: new invoices are not forecast",
            severity="info",
        )
    days = starts(as_of, weeks)
    parts = [
        _table(purse.with_columns(source=pl.lit(name)), "week_start", days, quantiles(draws[name]), means[name])
        for name in SOURCES
    ]
    return pl.concat(parts).select(*result.OUTLOOK_SCHEMA).sort(PURSE, maintain_order=True)


def _expected_invoices(
    known: Book, as_of: date, new: _New, weeks: int, seed: int
) -> tuple[dict[tuple[str, str], Int64], list[tuple[str, str]]]:
    """(entity_id, currency) → money by draw and week of invoices to be written, and those of which too little is known.

    What orders will be invoiced is among what a book usually invoices: it is taken off.
    """
    found, thin, paid = {}, [], to_cash(known, as_of)
    for purse, past in pasts(known, as_of):
        of = invoicing(past, paid[purse], weeks) if purse in paid else None
        if of is None:
            thin.append(purse)
            continue
        names = pl.Series([f"{purse[0]}\x00{purse[1]}\x00{draw}" for draw in range(DRAWS)])
        order = np.argsort(np.argsort(keys(names, "invoicing", seed)))
        known_orders = ordered(new.orders, purse, as_of, weeks)
        found[purse] = drawn_cash(of, paid[purse], known_orders, DRAWS, order, new.moved.get(purse, ()))
    return found, thin
