"""The key figures of one entity and currency on a day, each with what it counts or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS
from encours.core.metrics import cei, concentration, dso, lateness
from encours.core.metrics.ageing import Ageing, ageing
from encours.core.metrics.figure import Figure, computed, not_computable
from encours.core.metrics.sales import Sales, month_ends, sales, window
from encours.core.metrics.scope import ALL, Scope, flags
from encours.core.metrics.standing import Reading

_WINDOW_MONTHS = 3
_PAID_DAYS = 365


@dataclass(frozen=True)
class Measured:
    """What the key figures of every currency of one entity are made of, worked out once.

    `read`: the Book on the day. `aged`, `before`: its aged balance, and that on the eve of the last three calendar
    months. `items`: its open items without those that the scope leaves out as intercompany.
    """

    read: Book
    aged: Ageing
    before: Ageing
    items: pl.DataFrame

    def figures(self, currency: str) -> dict[str, Figure]:
        """Name -> figure in one currency, as `key_figures` says."""
        buckets, as_of, scope = self.aged.buckets, self.aged.as_of, self.aged.scope
        rows = self.aged.frame.filter(pl.col("currency") == currency)
        overdue = int(rows.select(pl.sum_horizontal(buckets[1:]).sum()).item())
        current, receivable = int(rows["not_due"].sum()), int(rows["total"].sum())
        say = _Say(as_of, currency, scope)
        history = sales(self.items.filter(pl.col("currency") == currency))
        opening = int(self.before.frame.filter(pl.col("currency") == currency)["total"].sum())
        return {
            "outstanding": say.amount("outstanding", receivable),
            "not_due": say.amount("not_due", current),
            "overdue": say.amount("overdue", overdue),
            "excluded": say.amount("excluded", int(rows["excluded"].sum())),
            "share_overdue": say.ratio("share_overdue", lateness.share_overdue(overdue, current + overdue)),
            "top_10_share": say.ratio("top_10_share", concentration.top_share(rows["total"])),
            "herfindahl": say.ratio("herfindahl", concentration.herfindahl(rows["total"])),
            **_unapplied(self.read, say),
            **_days_late(self.read, say),
            **_dso(history, receivable, current, say),
            "cei": _cei(history, opening, (receivable, current), say),
        }


def measure(
    book: Book, as_of: date, reading: Reading = "known", scope: Scope = ALL, read: Book | None = None
) -> Measured:
    """What the key figures of a Book (all versions) are made of; `read`: the Book on the day, where it is at hand."""
    if read is None:
        read = book.as_of(as_of) if reading == "known" else book.as_booked(as_of)
    items = read.open_items()
    if not scope.intercompany:
        own = flags(read).filter("intercompany")["item_id"]
        items = items.filter(~pl.col("item_id").is_in(own.implode()))
    first, _ = window(as_of, _WINDOW_MONTHS)
    before = ageing(book, first - timedelta(days=1), reading, scope=scope)
    return Measured(read, ageing(book, as_of, reading, scope=scope), before, items)


def key_figures(
    book: Book, as_of: date, currency: str, reading: Reading = "known", scope: Scope = ALL
) -> dict[str, Figure]:
    """Name -> figure of a Book (all versions) in one currency; give the Book of one entity for that entity's.

    Amounts are in minor units with tax. Receivable: the aged total, net of credits and unapplied money. DSO simple and
    CEI take the last three calendar months up to the day; countback goes back as far as it must.
    """
    return measure(book, as_of, reading, scope).figures(currency)


def monthly_series(
    book: Book, as_of: date, currency: str, reading: Reading = "known", scope: Scope = ALL, months: int = 12
) -> pl.DataFrame:
    """on, outstanding, overdue, share_overdue, dso_countback, dso_simple, sales: each month end, oldest first.

    What is not computable is null. `sales` are the month's; null before the book's sales history begins.
    """
    rows = []
    history = sales(measure(book, as_of, reading, scope).items.filter(pl.col("currency") == currency))
    for day in month_ends(as_of, months):
        figures = key_figures(book, day, currency, reading, scope)
        month = day.replace(day=1)
        sold = history.by_month.get(month, 0) if history.since is not None and month >= history.since else None
        names = ("outstanding", "overdue", "share_overdue", "dso_countback", "dso_simple")
        rows.append((day, *(figures[name].value for name in names), sold))
    schema = {"on": pl.Date, "outstanding": pl.Int64, "overdue": pl.Int64, "share_overdue": pl.Float64}
    schema |= {"dso_countback": pl.Float64, "dso_simple": pl.Float64, "sales": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


class _Say:
    """Makes figures that share their day, currency and scope."""

    def __init__(self, as_of: date, currency: str, scope: Scope) -> None:
        self.as_of, self.currency, self.scope = as_of, currency, scope

    def amount(self, name: str, value: int) -> Figure:
        return computed(name, value, self.currency, self.as_of, self.scope)

    def ratio(self, name: str, value: float | None) -> Figure:
        reason = "Nothing is owed."
        return self.of(name, value, "ratio", reason)

    def of(self, name: str, value: float | None, unit: str, reason: str) -> Figure:
        if value is None:
            return not_computable(name, unit, self.as_of, reason, self.scope)
        return computed(name, value, unit, self.as_of, self.scope)


def _unapplied(read: Book, say: _Say) -> dict[str, Figure]:
    receipts = read.unapplied_receipts().filter(pl.col("currency") == say.currency)
    known = pl.col("customer_id").is_not_null()
    return {
        "unapplied": say.amount("unapplied", int(receipts.filter(known)["unapplied"].sum())),
        "unidentified": say.amount("unidentified", int(receipts.filter(~known)["unapplied"].sum())),
    }


def _days_late(read: Book, say: _Say) -> dict[str, Figure]:
    paid = read.allocations.filter(
        pl.col("kind").is_in(MONEY_PARTS)
        & pl.col("reversed_on").is_null()
        & (pl.col("allocated_on") > say.as_of - timedelta(days=_PAID_DAYS))
        & (pl.col("amount") > 0)
    ).select("item_id", "amount", paid_on="allocated_on")
    due = read.items.filter((pl.col("currency") == say.currency) & (pl.col("amount") > 0)).select("item_id", "due_on")
    both = lateness.days_late(paid.join(due, on="item_id")) or (None, None)
    reason = "Nothing was paid in the last twelve months."
    names = ("days_late_weighted", "days_late_mean")
    return {name: say.of(name, value, "days", reason) for name, value in zip(names, both, strict=True)}


def _dso(history: Sales, receivable: int, current: int, say: _Say) -> dict[str, Figure]:
    first, days = window(say.as_of, _WINDOW_MONTHS)
    why = _why_no_window(history, first)
    sold = history.between(first, say.as_of.replace(day=1))
    simple = None if why else dso.dso_simple(receivable, sold, days)
    best = None if why else dso.dso_best_possible(current, sold, days)
    back = dso.dso_countback(receivable, history.months_back(say.as_of)) if history.since else None
    no_sales = why or "There were no sales in the last three months."
    beyond = _NO_HISTORY if history.since is None else f"More is owed than was sold since {history.since}."
    return {
        "dso_simple": say.of("dso_simple", simple, "days", no_sales),
        "dso_countback": say.of("dso_countback", back, "days", beyond),
        "dso_best_possible": say.of("dso_best_possible", best, "days", no_sales),
        "add": say.of("add", dso.average_days_delinquent(simple, best), "days", no_sales),
    }


def _cei(history: Sales, opening: int, closing: tuple[int, int], say: _Say) -> Figure:
    first, _ = window(say.as_of, _WINDOW_MONTHS)
    if why := _why_no_window(history, first):
        return say.of("cei", None, "ratio", why)
    value = cei.collection_effectiveness(opening, history.between(first, say.as_of.replace(day=1)), *closing)
    return say.of("cei", value, "ratio", "Nothing could be collected in the last three months.")


_NO_HISTORY = "The book has no sales history: every invoice in it is still open."


def _why_no_window(history: Sales, first: date) -> str | None:
    if history.since is None:
        return _NO_HISTORY
    if history.since > first:
        return f"Sales are known since {history.since}; the last three months begin on {first}."
    return None
